import type { RetrySpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import { parseDuration } from '../api/scalars.ts'
import type { Report } from './finding.ts'
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

/** FR0051 where backoff and maxBackoff come from different places; where they do not, its rule has spoken. */
export const checkInheritedBackoff = (
  own: RetrySpec | undefined,
  inherited: RetrySpec | undefined,
  path: FieldPath,
  report: Report,
): void => {
  if (own === undefined || inherited === undefined) return
  const check = (field: 'backoff' | 'maxBackoff', backoff?: string, maxBackoff?: string): void => {
    if (backoff === undefined || maxBackoff === undefined) return
    if (parseDuration(maxBackoff) >= parseDuration(backoff)) return
    report({
      code: 'FR0051',
      path: [...path, 'retry', field],
      message: `with maxBackoff ${maxBackoff} and backoff ${backoff}, one of them from spec.retry, the bound is below what it bounds`,
      fix: 'set both of them here',
    })
  }
  if (own.maxBackoff === undefined) check('backoff', own.backoff, inherited.maxBackoff)
  if (own.backoff === undefined) check('maxBackoff', inherited.backoff, own.maxBackoff)
}
