import type { Clock } from '../core/clock.ts'
import { TimerList } from '../core/timer-list.ts'
import { type BucketCall, bucketCalls } from './bucket-script.ts'
import { Deadline } from './deadline.ts'
import type { StoreAddress } from './store-address.ts'
import { openStore, type StoreConnection } from './store-connection.ts'
import { within } from './within.ts'

/** How long the store may take to answer what is asked in the background, before the connection is given up. */
const probeTimeoutMs = 1_000

/** After a failure the store is left alone for this long, and up to twice as long by chance. */
const shortestPauseMs = 1_000
const longestPauseMs = 10_000

/** A store that was up for this long has recovered: its next failure is a first one. */
const recoveredAfterMs = 10_000

/** A bucket that is only there to be asked. */
const probe = bucketCalls('fanout:limit:probe', { requests: 1000, intervalMs: 1000, burst: 1000 })

export interface StoreLinkOptions {
  readonly address: StoreAddress
  readonly clock: Clock
  readonly askTimeoutMs: number
  onUp(): void
  /** After every failure, those to come up included. */
  onDown(error: unknown): void
}

/**
 * Keeps one connection and knows whether it is worth asking. While it is down nobody waits for it: it is
 * tried again in the background, with the real script, until that is answered.
 */
export class StoreLink {
  #connection: StoreConnection | undefined
  /** Ends the time for which the store is up; `undefined` while it is down. */
  #goDown: ((error: unknown) => void) | undefined
  #closed = false
  #endPause = (): void => {}
  readonly #options: StoreLinkOptions
  readonly #deadlines: TimerList

  constructor(options: StoreLinkOptions) {
    this.#options = options
    this.#deadlines = new TimerList(options.clock, options.askTimeoutMs)
    void this.#keepUp()
  }

  get isUp(): boolean {
    return this.#goDown !== undefined
  }

  /** Microseconds as the script answers them; `undefined` when there was no answer in time. Never rejects. */
  ask(call: BucketCall): Promise<number | undefined> {
    const connection = this.#connection
    if (!connection || !this.#goDown) return Promise.resolve(undefined)
    const { clock, askTimeoutMs } = this.#options
    return new Promise(resolve => {
      const failed = (error: unknown): void => {
        this.#goDown?.(error)
        resolve(undefined)
      }
      const late = (): void => failed(new Error(`no answer within ${askTimeoutMs} ms`))
      const deadline = new Deadline(this.#deadlines, clock.now(), late)
      const answered = (micros: number): void => {
        if (deadline.settle()) resolve(micros)
      }
      const refused = (error: unknown): void => {
        if (deadline.settle()) failed(error)
      }
      connection.run(call).then(answered, error => {
        if (isUnknownScript(error)) connection.runWithScript(call).then(answered, refused)
        else refused(error)
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#goDown = undefined
    this.#connection?.close()
    this.#endPause()
  }

  async #keepUp(): Promise<void> {
    const { clock, onDown } = this.#options
    for (let failures = 1; !this.#closed; failures++) {
      try {
        await this.#comeUp()
        const since = clock.now()
        await this.#untilDown()
        if (clock.now() - since >= recoveredAfterMs) failures = 1
      } catch (error) {
        if (!this.#closed) onDown(error)
      }
      if (!this.#closed) await this.#pause(failures)
    }
  }

  /** A connection that outlived a failure is asked again before another is opened. */
  async #comeUp(): Promise<void> {
    const { address, clock } = this.#options
    if (!this.#connection?.isOpen) {
      this.#connection = await openStore(address, clock, error => this.#goDown?.(error))
    }
    const connection = this.#connection
    try {
      if (this.#closed) throw new Error('closed')
      // All that limits will ask for, so that a right which is missing shows now; and the script is known then.
      const answers = Promise.all([connection.runWithScript(probe.take(0)), connection.run(probe.giveBack)])
      await within(answers, probeTimeoutMs, clock, 'no answer')
    } catch (error) {
      connection.close()
      throw connection.lostBy ?? error
    }
  }

  #untilDown(): Promise<void> {
    const { onUp, onDown } = this.#options
    return new Promise(resolve => {
      this.#goDown = error => {
        this.#goDown = undefined
        onDown(error)
        resolve()
      }
      onUp()
    })
  }

  #pause(failures: number): Promise<void> {
    const jitterMs = Math.min(longestPauseMs - shortestPauseMs, shortestPauseMs * 2 ** (failures - 1))
    return new Promise(resolve => {
      const cancel = this.#options.clock.after(shortestPauseMs + Math.random() * jitterMs, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }
}

/** Stores forget scripts when they restart or are told to (SCRIPT FLUSH). */
const isUnknownScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT')
