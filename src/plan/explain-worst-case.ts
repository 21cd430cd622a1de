import { boundMsOf, isSafe, mostAttempts } from './leg-facts.ts'
import type { PlannedLeg, PlannedRetry, ServedRoute } from './types.ts'

/** Longest time until the answer, in milliseconds; `undefined` = nothing bounds it. */
export const worstCaseMs = (route: ServedRoute): number | undefined => {
  const { legs, answer } = route
  // Under Primary one leg decides; otherwise the slowest awaited one may. Shadows never count.
  const awaited = legs.filter(({ role }, i) =>
    answer.success === 'Primary' ? i === answer.from : role !== 'Shadow',
  )
  const times = awaited.map(leg => Math.min(boundMsOf(leg, route), withoutDeadline(leg)))
  const longest = Math.max(...times)
  return Number.isFinite(longest) ? longest : undefined
}

/** Every try as long as it may be, every wait as long as it may be. */
const withoutDeadline = (leg: PlannedLeg): number => {
  const { attemptTimeoutMs, retry, hedge, rateLimit, concurrency } = leg
  const waits = (concurrency?.maxPendingRequests ?? 0) > 0 || rateLimit?.onLimit === 'Wait'
  if (attemptTimeoutMs === 0 || waits) return Number.POSITIVE_INFINITY
  const tryMs = attemptTimeoutMs + (hedge ? hedge.delayMs * (hedge.maxParallel - 1) : 0)
  return tryMs * (1 + (retry?.attempts ?? 0)) + (retry ? longestWaits(retry) : 0)
}

const longestWaits = ({
  attempts,
  backoffMs,
  maxBackoffMs,
  codes,
  retryAfterMaxMs,
}: PlannedRetry): number => {
  // Retry-After comes with an answer, so only where some answer is retried.
  const toldMs = codes.length > 0 ? retryAfterMaxMs : 0
  let total = 0
  for (let n = 0; n < attempts; n++) total += Math.max(Math.min(maxBackoffMs, backoffMs * 2 ** n), toldMs)
  return total
}

/** A request as far as it decides whether it may be sent more than once. */
export interface Repeated {
  readonly method: string
  /** As callers send it; `undefined` = absent. */
  header(name: string): string | undefined
}

/**
 * Most requests that are sent to a leg for one to its route. What may change something and carries no key is
 * tried again only if none of it was sent.
 */
export const mostSent = (leg: PlannedLeg, route: ServedRoute, request: Repeated): number => {
  if (leg.sample?.percent === 0) return 0
  if (isSafe(leg.method ?? request.method) || carriesKey(leg, route, request)) return mostAttempts(leg)
  return leg.retry?.nonIdempotent ? 1 + leg.retry.attempts : 1
}

const carriesKey = (leg: PlannedLeg, { idempotencyKey }: ServedRoute, request: Repeated): boolean => {
  if (idempotencyKey?.generate && !isSafe(request.method)) return true
  const name = (idempotencyKey?.header ?? usualKeyHeader).toLowerCase()
  return Boolean(request.header(name)) && !leg.headers?.remove.includes(name)
}

/** Callers that send it mean the same by it on every route. */
const usualKeyHeader = 'Idempotency-Key'
