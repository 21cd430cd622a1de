import type { ApiError, ApiErrorReason } from './api-error.ts'

const firstMs = 500
const maxMs = 30_000
/** What a server asks for beyond this is a mistake. */
const maxRetryAfterMs = 120_000
const maxDoublings = 10

/** What only somebody's work can mend, and asking again at once cannot. */
const slow: ReadonlySet<ApiErrorReason> = new Set([
  'unauthorized',
  'forbidden',
  'not_found',
  'terminating',
  'credentials',
])

/** What the next list mends: the first time it is not waited for. */
const mended: ReadonlySet<ApiErrorReason> = new Set(['expired', 'timeout', 'invalid'])

/** Waits between failures in a row. */
export class Backoff {
  readonly #random: () => number
  #failures = 0

  /** `random` yields numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  reset(): void {
    this.#failures = 0
  }

  /**
   * Milliseconds to wait after one more failure. Full jitter: anything from nothing to a bound that doubles from
   * 0.5 s to 30 s, so that relays which lost the server together do not come back together. For what is slow to be
   * mended, at least half of twice that bound. What the server asked for comes on top.
   */
  next({ reason, retryAfterMs = 0 }: ApiError): number {
    this.#failures += 1
    const asked = Math.min(retryAfterMs, maxRetryAfterMs)
    if (this.#failures === 1 && mended.has(reason)) return asked
    const isSlow = slow.has(reason)
    const bound = Math.min(
      maxMs,
      firstMs * (isSlow ? 2 : 1) * 2 ** Math.min(this.#failures - 1, maxDoublings),
    )
    return asked + (isSlow ? bound / 2 + this.#random() * (bound / 2) : this.#random() * bound)
  }
}
