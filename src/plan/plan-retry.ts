import type { RetrySpec } from '../api/fan-out-route.ts'
import { parseDuration } from '../api/scalars.ts'
import type { PlannedRetry } from './types.ts'

const defaultBackoffMs = 100
const defaultMaxBackoffMs = 2000

/** What a leg says, field by field in place of what its route says. `undefined` = it is never sent again. */
export const planRetry = (
  own: RetrySpec | undefined,
  inherited: RetrySpec | undefined,
): PlannedRetry | undefined => {
  if (own === undefined && inherited === undefined) return undefined
  const {
    attempts = 2,
    backoff,
    maxBackoff,
    codes = [502, 503, 504],
    on = ['ConnectFailure', 'Reset', 'Timeout'],
    retryAfterMax = '30s',
    nonIdempotent = false,
  } = { ...inherited, ...own }
  if (attempts === 0) return undefined
  return {
    attempts,
    ...planBackoff(backoff, maxBackoff),
    codes,
    on,
    retryAfterMaxMs: parseDuration(retryAfterMax),
    nonIdempotent,
  }
}

/** Whichever is given stands; the other gives way where its default would contradict it. */
const planBackoff = (
  backoff: string | undefined,
  maxBackoff: string | undefined,
): Pick<PlannedRetry, 'backoffMs' | 'maxBackoffMs'> => {
  const mostMs = maxBackoff === undefined ? undefined : parseDuration(maxBackoff)
  const backoffMs =
    backoff === undefined ? Math.min(defaultBackoffMs, mostMs ?? defaultMaxBackoffMs) : parseDuration(backoff)
  return { backoffMs, maxBackoffMs: mostMs ?? Math.max(defaultMaxBackoffMs, backoffMs) }
}
