import type { Provenance, Setting } from './explanation.ts'
import { formatMs } from './format.ts'
import type { PlannedBreaker, PlannedLeg, PlannedRateLimit, ServedRoute } from './types.ts'

/** Policies of a route, each with the field it comes from. */
export const routePolicySettings = (
  { rateLimit, retryBudget, idempotencyKey }: ServedRoute,
  from: Provenance,
): readonly (Setting | undefined)[] => [
  rateLimit && { name: 'rateLimit', value: limitInWords(rateLimit), from: from('spec.rateLimit') },
  retryBudget && {
    name: 'retryBudget',
    value: `${retryBudget.percent} % of first tries, and ${retryBudget.minPerSecond} per second`,
    from: from('spec.retryBudget'),
  },
  idempotencyKey && {
    name: 'idempotencyKey',
    value: `${idempotencyKey.header}, ${idempotencyKey.generate ? 'made where missing' : "the caller's"}, answers kept for ${formatMs(idempotencyKey.ttlMs)}`,
    from: from('spec.idempotencyKey'),
  },
]

/** Policies of a leg; `field` is where it stands. */
export const legPolicySettings = (
  leg: PlannedLeg,
  field: string,
  from: Provenance,
): readonly (Setting | undefined)[] => {
  const { circuitBreaker, rateLimit, concurrency, hedge } = leg
  return [
    ...retrySettings(leg, field, from),
    circuitBreaker && {
      name: 'circuitBreaker',
      value: breakerInWords(circuitBreaker),
      from: from(`${field}.circuitBreaker`),
    },
    rateLimit && {
      name: 'rateLimit',
      value: `${limitInWords(rateLimit)}, then ${rateLimit.onLimit}`,
      from: from(`${field}.rateLimit`),
    },
    concurrency && {
      name: 'concurrency',
      value: `${concurrency.maxParallelRequests} at once, ${concurrency.maxPendingRequests} waiting`,
      from: from(`${field}.concurrency`),
    },
    hedge && {
      name: 'hedge',
      value: `after ${formatMs(hedge.delayMs)}, ${hedge.maxParallel} at once`,
      from: from(`${field}.hedge`),
    },
  ]
}

/** One line a field, because each may come from the leg, from the route or from nobody. */
const retrySettings = ({ retry }: PlannedLeg, field: string, from: Provenance): readonly Setting[] => {
  const setting = (name: string, value: string): Setting => ({
    name: `retry.${name}`,
    value,
    from: from(`${field}.retry.${name}`, `spec.retry.${name}`),
  })
  if (retry === undefined) {
    const off = setting('attempts', '0')
    return off.from === 'default' || off.from === 'unknown' ? [] : [off]
  }
  return [
    setting('attempts', String(retry.attempts)),
    setting('backoff', zeroOr(retry.backoffMs)),
    setting('maxBackoff', zeroOr(retry.maxBackoffMs)),
    setting('codes', retry.codes.join(', ') || 'none'),
    setting('on', retry.on.join(', ') || 'none'),
    setting('retryAfterMax', zeroOr(retry.retryAfterMaxMs)),
    setting('nonIdempotent', String(retry.nonIdempotent)),
  ]
}

/** A wait of 0s is none, where a timeout of 0s would be off. */
const zeroOr = (ms: number): string => (ms === 0 ? '0s' : formatMs(ms))

const limitInWords = ({ requests, intervalMs, burst, scope }: PlannedRateLimit): string =>
  `${requests} per ${formatMs(intervalMs)}, ${burst} at once, ${scope}`

const breakerInWords = (breaker: PlannedBreaker): string => {
  const { consecutiveFailures, failurePercent, minimumRequests, windowMs, openMs, halfOpenRequests } = breaker
  const rules = [
    consecutiveFailures > 0 && `${consecutiveFailures} failures in a row`,
    failurePercent > 0 && `${failurePercent} % of ${minimumRequests} or more in ${formatMs(windowMs)}`,
  ]
  const probes = halfOpenRequests === 1 ? '1 probe' : `${halfOpenRequests} probes`
  return `opens at ${rules.filter(Boolean).join(' or ')}, for ${formatMs(openMs)}, then ${probes}`
}
