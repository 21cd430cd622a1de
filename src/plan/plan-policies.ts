import type { RouteSpec, UpstreamSpec } from '../api/fan-out-route.ts'
import { parseDuration } from '../api/scalars.ts'
import { planRetry } from './plan-retry.ts'
import type {
  PlannedBreaker,
  PlannedIdempotencyKey,
  PlannedLeg,
  PlannedLegRateLimit,
  PlannedRateLimit,
  PlannedRetryBudget,
} from './types.ts'

export type LegPolicies = Pick<PlannedLeg, 'retry' | 'circuitBreaker' | 'rateLimit' | 'concurrency' | 'hedge'>

/** The policies of a leg with every default filled in. */
export const planLegPolicies = (
  { retry, circuitBreaker, rateLimit, concurrency, hedge }: UpstreamSpec,
  inherited: RouteSpec['retry'],
): LegPolicies => ({
  retry: planRetry(retry, inherited),
  circuitBreaker: circuitBreaker && planBreaker(circuitBreaker),
  rateLimit: rateLimit && planLegRateLimit(rateLimit),
  concurrency,
  hedge: hedge && { delayMs: parseDuration(hedge.delay), maxParallel: hedge.maxParallel },
})

/** `burst` defaults to `requests`. */
export const planRateLimit = ({
  requests,
  interval,
  burst = requests,
  scope,
}: NonNullable<RouteSpec['rateLimit']>): PlannedRateLimit => ({
  requests,
  intervalMs: parseDuration(interval),
  burst,
  scope,
})

const planLegRateLimit = (spec: NonNullable<UpstreamSpec['rateLimit']>): PlannedLegRateLimit => ({
  ...planRateLimit(spec),
  onLimit: spec.onLimit,
})

const planBreaker = (spec: NonNullable<UpstreamSpec['circuitBreaker']>): PlannedBreaker => ({
  consecutiveFailures: spec.consecutiveFailures,
  failurePercent: spec.failurePercent,
  minimumRequests: spec.minimumRequests ?? 20,
  windowMs: parseDuration(spec.window ?? '10s'),
  openMs: parseDuration(spec.openDuration),
  halfOpenRequests: spec.halfOpenRequests,
})

/** On whenever a leg retries or hedges, whether its author thought of it or not. */
export const planRetryBudget = (
  spec: RouteSpec['retryBudget'],
  legs: readonly PlannedLeg[],
): PlannedRetryBudget | undefined =>
  legs.some(({ retry, hedge }) => retry || hedge) ? (spec ?? { percent: 20, minPerSecond: 10 }) : undefined

/** `undefined` = the route has no keys of its own. */
export const planIdempotencyKey = (spec: RouteSpec['idempotencyKey']): PlannedIdempotencyKey | undefined =>
  spec && { header: spec.header, generate: spec.generate, ttlMs: parseDuration(spec.ttl) }
