import type { CancelTimer, Clock } from '../core/clock.ts'

export interface WorkQueueOptions {
  readonly clock: Clock
  /** Does what a key asks for; a rejection brings the key back after a pause. */
  readonly work: (key: string) => Promise<void>
  /** Keys worked on at once. Default 4. */
  readonly concurrency?: number
  /** How long a key waits for further changes before it is worked on. Default 50 ms. */
  readonly settleMs?: number
  /** First pause after a failure; doubles with each in a row. Default 500 ms. */
  readonly backoffMs?: number
  /** Default 60 s. */
  readonly maxBackoffMs?: number
  /** In [0, 1); default Math.random. */
  readonly random?: () => number
}

/**
 * Keys that have to be worked on. A key is there once however often it is added, is never worked on twice at the
 * same time, and one added meanwhile is worked on again: it may have changed after it was read.
 */
export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>
  readonly #ready = new Set<string>()
  readonly #waiting = new Map<string, { readonly at: number; readonly cancel: CancelTimer }>()
  readonly #busy = new Set<string>()
  readonly #failures = new Map<string, number>()
  #stopped = false

  constructor(options: WorkQueueOptions) {
    this.#options = {
      concurrency: 4,
      settleMs: 50,
      backoffMs: 500,
      maxBackoffMs: 60_000,
      random: Math.random,
      ...options,
    }
  }

  /** Keys that wait or are worked on. */
  get size(): number {
    return new Set([...this.#ready, ...this.#waiting.keys(), ...this.#busy]).size
  }

  /**
   * Works on the key soon. One that failed waits a little longer, and not its whole pause: what changed may have
   * nothing to do with what failed.
   */
  add(key: string): void {
    const { settleMs, backoffMs } = this.#options
    this.#addAfter(key, this.#failures.has(key) ? Math.max(settleMs, backoffMs) : settleMs)
  }

  stop(): void {
    this.#stopped = true
    for (const { cancel } of this.#waiting.values()) cancel()
    this.#waiting.clear()
    this.#ready.clear()
  }

  #addAfter(key: string, ms: number): void {
    if (this.#stopped || this.#ready.has(key)) return
    const at = this.#options.clock.now() + ms
    const waiting = this.#waiting.get(key)
    if (waiting && waiting.at <= at) return
    waiting?.cancel()
    const due = (): void => {
      this.#waiting.delete(key)
      this.#ready.add(key)
      this.#next()
    }
    this.#waiting.set(key, { at, cancel: this.#options.clock.after(ms, due) })
  }

  #next(): void {
    for (const key of this.#ready) {
      if (this.#busy.size >= this.#options.concurrency) return
      if (this.#busy.has(key)) continue
      this.#ready.delete(key)
      this.#busy.add(key)
      void this.#run(key)
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.work(key)
      this.#failures.delete(key)
    } catch {
      // Whoever works reports; here it only matters that it is not done.
      const failures = (this.#failures.get(key) ?? 0) + 1
      this.#failures.set(key, failures)
      const { backoffMs, maxBackoffMs, random } = this.#options
      const bound = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 10))
      this.#addAfter(key, bound / 2 + random() * (bound / 2))
    }
    this.#busy.delete(key)
    this.#next()
  }
}
