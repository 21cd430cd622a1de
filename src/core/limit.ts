/**
 * A token bucket: it holds at most `burst` tokens, starts full, and `requests` tokens drip into it over each
 * interval, smoothly. A local one answers at once; one that is shared between relays may have to ask.
 */
export interface Limit {
  /**
   * Takes one token, if it is there now or will be within `maxWaitMs` (0 = only now; Infinity = however long).
   * `>= 0`: taken; go after that many milliseconds. Negative: nothing was taken, and there would be a token
   * after that many milliseconds, so `-result` is what a Retry-After says. A promise never rejects.
   */
  reserve(maxWaitMs: number): number | Promise<number>
  /** Returns the token of a `reserve` whose request was not sent after all. A bucket never overflows. */
  giveBack(): void
}

/** What a bucket is made of. Each is positive; `requests` and `burst` are whole. */
export interface LimitSettings {
  readonly requests: number
  readonly intervalMs: number
  readonly burst: number
}
