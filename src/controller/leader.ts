import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { LeaseClient, LeaseObject, LeaseSpec } from './lease.ts'

export interface ElectionOptions {
  readonly lease: LeaseClient
  /** Of this replica; unique among all. */
  readonly identity: string
  readonly clock: Clock
  readonly logger: Logger
  /** How long a lease is good for without renewal. Default 15 s. */
  readonly leaseDurationMs?: number
  /** How long a leader goes on without a renewal. Default 10 s. */
  readonly renewDeadlineMs?: number
  /** Between two looks at the lease. Default 2 s. */
  readonly retryPeriodMs?: number
  /** Wall clock, for people who read the lease. Default Date.now. */
  readonly wallClock?: () => number
  /** In [0, 1); default Math.random. */
  readonly random?: () => number
}

/** How long each step of giving the lease back may take. */
const releaseMs = 2_000

/**
 * Runs `lead` whenever this replica holds the lease, and aborts it when it does not any more; ends when the signal
 * aborts, and gives the lease back then. As client-go does, a lease is judged by when it was seen to change, never
 * by the times written in it: clocks of machines differ.
 */
export const runElected = async (
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const election = new Election(options, signal)
  while (!signal.aborted) {
    if (!(await election.acquire())) return
    const term = new AbortController()
    const led = lead(term.signal)
    await election.hold(led)
    term.abort()
    await led.catch(error => options.logger.error({ err: error }, 'leading ended with an error'))
    if (signal.aborted) await election.release()
    else await election.pause()
  }
}

class Election {
  readonly #options: Required<ElectionOptions>
  readonly #signal: AbortSignal
  #seen: LeaseObject | undefined
  /** When it was first seen as it is, and when it was last seen otherwise. */
  #changedAt = Number.NEGATIVE_INFINITY
  #lookedAt: number | undefined
  #expiresAt = Number.NEGATIVE_INFINITY
  /** When the request that last renewed the lease was begun. */
  #renewedAt = 0
  /** The renewal under way, or the last one. */
  #renewing: Promise<unknown> = Promise.resolve()

  constructor(options: ElectionOptions, signal: AbortSignal) {
    this.#options = {
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      wallClock: Date.now,
      random: Math.random,
      ...options,
    }
    this.#signal = signal
  }

  /** Resolves with true once the lease is ours, or with false when the signal aborts. */
  async acquire(): Promise<boolean> {
    const { identity, logger, retryPeriodMs, random, clock } = this.#options
    let holder: string | undefined
    while (!this.#signal.aborted) {
      if (await this.#attempt('acquire')) {
        logger.info({ identity }, 'leading')
        return true
      }
      const current = this.#seen?.spec?.holderIdentity
      if (current !== holder) logger.info({ leader: current }, 'another replica leads')
      holder = current
      // Those who wait must not all ask at once; and none sleeps past the end of the lease.
      const pause = retryPeriodMs * (1 + random() * 0.2)
      const left = this.#expiresAt - clock.now()
      await this.#sleep(left > 0 ? Math.min(pause, left + random() * 100) : pause)
    }
    return false
  }

  /** Renews until that fails for too long, the signal aborts or `led` ends. */
  async hold(led: Promise<void>): Promise<void> {
    const { identity, logger, retryPeriodMs, renewDeadlineMs, clock } = this.#options
    let ended = false
    const end = (): void => {
      ended = true
    }
    led.then(end, end)
    while (!this.#signal.aborted) {
      await Promise.race([this.#sleep(retryPeriodMs), led.catch(() => {})])
      if (this.#signal.aborted || ended) return
      // The answer may be late; a leader that does not know must be done by its own clock.
      const renewing = this.#attempt('renew')
      this.#renewing = renewing
      const renewed = await Promise.race([renewing, this.#deadline(renewDeadlineMs)])
      if (renewed) continue
      const other = this.#seen?.spec?.holderIdentity
      if (other !== identity) {
        logger.warn({ identity, leader: other }, 'lost the lease to another replica')
        return
      }
      if (clock.now() - this.#renewedAt >= renewDeadlineMs) {
        logger.warn({ identity }, 'gave the lease up: it could not be renewed in time')
        return
      }
    }
  }

  /** One period: who just lost the lease, or ended at once, does not ask again at once. */
  pause(): Promise<void> {
    return this.#sleep(this.#options.retryPeriodMs)
  }

  /** So that another replica need not wait for its end. Takes no longer than a few seconds. */
  async release(): Promise<void> {
    const { identity, logger, lease } = this.#options
    // A renewal still under way would make this write fail, or fail itself and warn once the client is closed.
    await Promise.race([this.#renewing, this.#sleep(releaseMs)])
    try {
      let over = this.#seen
      for (let tries = 0; tries < 2 && over?.spec?.holderIdentity === identity; tries++) {
        if (await lease.write(this.#handBack(over.spec), over, releaseMs)) {
          logger.info({ identity }, 'gave the lease back')
          return
        }
        over = await lease.read(releaseMs)
      }
    } catch (error) {
      logger.warn({ err: error }, 'the lease could not be given back; it runs out by itself')
    }
  }

  async #attempt(purpose: 'acquire' | 'renew'): Promise<boolean> {
    const { lease, identity, clock, logger, renewDeadlineMs } = this.#options
    const begun = clock.now()
    try {
      // The leader knows the lease as it wrote it, and a wrong guess fails at the version.
      if (purpose === 'acquire') this.#look(await lease.read(renewDeadlineMs / 2), begun)
      else if (!this.#isOurs()) return false
      if (!this.#isFree()) return false
      const written = await lease.write(this.#claim(), this.#seen, renewDeadlineMs / 2)
      if (written) {
        this.#seen = written
        this.#renewedAt = begun
        return true
      }
      this.#look(await lease.read(renewDeadlineMs / 2), begun)
    } catch (error) {
      logger.warn({ err: error, identity }, `could not ${purpose} the lease`)
    }
    return false
  }

  #isOurs(): boolean {
    return this.#seen?.spec?.holderIdentity === this.#options.identity
  }

  #isFree(): boolean {
    return !this.#seen?.spec?.holderIdentity || this.#isOurs() || this.#options.clock.now() >= this.#expiresAt
  }

  /**
   * Notes what the lease is. It was renewed at some moment after the look before, when it was not so yet. From that
   * look on it is good for its whole duration, and in any case until its holder, which renews no later than now,
   * must have given up: so nobody waits longer than the duration, and no two lead at the same time.
   */
  #look(found: LeaseObject | undefined, begun: number): void {
    const { clock, leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options
    const changed = found?.metadata.resourceVersion !== this.#seen?.metadata.resourceVersion
    if (changed) {
      const since = this.#lookedAt ?? clock.now()
      this.#changedAt = clock.now()
      this.#expiresAt = Math.max(
        since + leaseDurationMs,
        this.#changedAt + renewDeadlineMs + retryPeriodMs / 2,
      )
    }
    this.#seen = found
    this.#lookedAt = begun
  }

  #claim(): LeaseSpec {
    const { identity, leaseDurationMs } = this.#options
    const { spec } = this.#seen ?? {}
    const now = this.#now()
    const ours = this.#isOurs()
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: ours ? (spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (spec?.leaseTransitions ?? 0) + (ours || !this.#seen ? 0 : 1),
    }
  }

  #handBack({ leaseTransitions = 0 }: LeaseSpec): LeaseSpec {
    const now = this.#now()
    return {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: now,
      acquireTime: now,
      leaseTransitions,
    }
  }

  /** MicroTime of Kubernetes: six digits after the second. */
  #now(): string {
    return new Date(this.#options.wallClock()).toISOString().replace('Z', '000Z')
  }

  #deadline(ms: number): Promise<false> {
    const left = this.#renewedAt + ms - this.#options.clock.now()
    return this.#sleep(Math.max(0, left)).then(() => false)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        cancel()
        this.#signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#options.clock.after(ms, done)
      this.#signal.addEventListener('abort', done, { once: true })
    })
  }
}
