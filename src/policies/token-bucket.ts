import type { Limit } from '../core/limit.ts'

export interface TokenBucketOptions {
  /** Tokens that come in each interval, evenly spread; at least 1. */
  readonly requests: number
  readonly intervalMs: number
  /** What a full bucket holds; it starts full. At least 1. */
  readonly burst: number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/**
 * Lets `burst` requests through at once and `requests` in each interval. Whoever may wait takes a token that
 * is still to come, so the tokens of those who wait are handed out in the order in which they asked.
 *
 * It keeps a count of tokens and the instant it counts from, never a level that is added to: one rounding per
 * question, and nothing that adds up over months of traffic.
 */
export class TokenBucket implements Limit {
  readonly #options: TokenBucketOptions
  /** The bucket was full then, and `#taken` tokens have been taken since. */
  #fullAt: number
  #taken = 0

  constructor(options: TokenBucketOptions) {
    this.#options = options
    this.#fullAt = options.now()
  }

  reserve(maxWaitMs: number): number {
    const { requests, intervalMs, burst, now } = this.#options
    const instant = now()
    // In units of a token divided by the interval: whole numbers wherever the clock's are.
    let refilled = (instant - this.#fullAt) * requests
    if (refilled >= this.#taken * intervalMs) {
      this.#fullAt = instant
      this.#taken = 0
      refilled = 0
    }
    const waitMs = ((this.#taken + 1 - burst) * intervalMs - refilled) / requests
    if (waitMs > 0 && waitMs > maxWaitMs) return -waitMs
    this.#taken++
    return Math.max(0, waitMs)
  }

  /** Takes back the newest of the tokens that are out: of those who wait, the last has to give up its turn. */
  giveBack(): void {
    this.#taken--
  }
}
