export interface BackoffOptions {
  /** Bound of the first wait; it doubles with every retry. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** In [0, 1). */
  readonly random: () => number
}

/** Doubling beyond this many retries overtakes every duration a route can hold, and one day the number itself. */
const maxDoublings = 60

/**
 * Milliseconds to wait before the given retry, from 1. Full jitter: anything from nothing to the bound, so
 * that callers which failed together do not come back together.
 */
export const fullJitterMs = (retry: number, { backoffMs, maxBackoffMs, random }: BackoffOptions): number =>
  random() * Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(retry - 1, maxDoublings))
