import type { ApiError, ApiErrorReason } from './api-error.ts'

/** What a server asks for beyond this is a mistake. */
const maxRetryAfterMs = 120_000
const maxDoublings = 10

/** How waits of one kind of failure grow: a random part of a bound that doubles from one figure to the other. */
interface Growth {
  readonly firstMs: number
  readonly maxMs: number
  /** So many tries are not waited for at all. */
  readonly atOnce?: number
  /** After so many tries at least half of the bound is waited. Default: never. */
  readonly eager?: number
}

const growths = {
  /** Nobody was there. That costs nobody anything, and whoever comes back should not be missed for long. */
  away: { firstMs: 500, maxMs: 5_000 },
  /** It was there, and the connection came to nothing: it may be drowning. */
  cut: { firstMs: 500, maxMs: 30_000 },
  /** It answered with an error. */
  failed: { firstMs: 500, maxMs: 30_000 },
  /** What the next list mends. */
  mended: { firstMs: 500, maxMs: 30_000, atOnce: 1 },
  /** What only somebody's work can mend, and asking again at once cannot. */
  refused: { firstMs: 1_000, maxMs: 30_000, eager: 0 },
  /** A server that has just begun knows neither rights nor custom resources for some hundred milliseconds. */
  refusedAgain: { firstMs: 250, maxMs: 30_000, eager: 4 },
} as const satisfies Readonly<Record<string, Growth>>
type Kind = keyof typeof growths

const kinds: Partial<Readonly<Record<ApiErrorReason, Kind>>> = {
  connection: 'cut',
  tls: 'cut',
  expired: 'mended',
  invalid: 'mended',
  timeout: 'mended',
  terminating: 'refused',
  credentials: 'refused',
}

const refusals: ReadonlySet<ApiErrorReason> = new Set(['unauthorized', 'forbidden', 'not_found'])

/** Not even a handshake was begun. */
const awayCodes: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

/**
 * Waits between failures in a row. Each kind of failure has a row of its own: a long outage says nothing about the
 * first answer after it, and failures that take turns grow each by itself.
 */
export class Backoff {
  readonly #random: () => number
  readonly #failures = new Map<Kind, number>()

  /** `random` yields numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  reset(): void {
    this.#failures.clear()
  }

  /** Whether it may be a refusal that passes by itself: the tries that follow it quickly are not used up yet. */
  isPassing(error: ApiError, { wasAllowed }: { readonly wasAllowed: boolean }): boolean {
    const kind = kindOf(error, wasAllowed)
    return kind === 'refusedAgain' && (this.#failures.get(kind) ?? 0) < growths[kind].eager
  }

  /**
   * Milliseconds to wait after one more failure. Full jitter, so that relays which lost the server together do not
   * come back together. What the server asked for comes on top. `wasAllowed`: what is asked for was answered before,
   * so that a refusal may be a passing one.
   */
  next(error: ApiError, { wasAllowed }: { readonly wasAllowed: boolean }): number {
    const kind = kindOf(error, wasAllowed)
    const { firstMs, maxMs, atOnce = 0, eager = Number.POSITIVE_INFINITY }: Growth = growths[kind]
    const before = this.#failures.get(kind) ?? 0
    this.#failures.set(kind, before + 1)
    const asked = Math.min(error.retryAfterMs ?? 0, maxRetryAfterMs)
    if (before < atOnce) return asked
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(before, maxDoublings))
    const least = before < eager ? 0 : bound / 2
    return asked + least + this.#random() * (bound - least)
  }
}

const kindOf = ({ reason, cause }: ApiError, wasAllowed: boolean): Kind => {
  if (refusals.has(reason)) return wasAllowed ? 'refusedAgain' : 'refused'
  if (reason === 'connection' && awayCodes.has((cause as { readonly code?: unknown } | undefined)?.code))
    return 'away'
  return kinds[reason] ?? 'failed'
}
