import type { RouteSpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import type { Report } from './finding.ts'
import { formatMs } from './format.ts'
import { boundMsOf, isSafe, mostAttempts, mostWithin, onlyWrites, shareOf } from './leg-facts.ts'
import { warnAboutRateLimits } from './rate-limit-warnings.ts'
import { warnAboutRetries } from './retry-warnings.ts'
import type { PlannedLeg, ServedRoute } from './types.ts'

/** Policies that are valid and hardly meant. `route` is what was made of `spec`, legs in the same order. */
export const warnAboutPolicies = (spec: RouteSpec, route: ServedRoute, report: Report): void => {
  warnAboutRetries(spec, route, report)
  warnAboutRateLimits(route, report)
  warnAboutKeys(route, report)
  route.legs.forEach((leg, i) => {
    const path = ['spec', 'upstreams', i]
    warnAboutBreaker(leg, route, path, report)
    warnAboutHedge(leg, route, path, report)
    warnAboutConcurrency(leg, path, report)
    warnAboutWaiting(leg, route, path, report)
  })
}

const warnAboutKeys = ({ idempotencyKey, matches }: ServedRoute, report: Report): void => {
  if (idempotencyKey === undefined) return
  if (!matches.every(({ method }) => method !== undefined && isSafe(method))) return
  report({
    code: 'FR0125',
    path: ['spec', 'idempotencyKey'],
    message: 'idempotencyKey has no effect: this route takes GET, HEAD and OPTIONS only, which need no key',
    fix: 'remove it',
  })
}

const warnAboutBreaker = (leg: PlannedLeg, route: ServedRoute, path: FieldPath, report: Report): void => {
  const breaker = leg.circuitBreaker
  if (breaker === undefined || breaker.failurePercent === 0) return
  const { windowMs, minimumRequests } = breaker
  const most = Math.min(
    leg.rateLimit ? mostWithin(leg.rateLimit, windowMs) : Number.POSITIVE_INFINITY,
    route.rateLimit
      ? mostWithin(route.rateLimit, windowMs) * mostAttempts(leg) * shareOf(leg)
      : Number.POSITIVE_INFINITY,
  )
  if (minimumRequests <= most) return
  const what = breaker.consecutiveFailures === 0 ? 'this circuit never opens' : 'failurePercent has no effect'
  report({
    code: 'FR0122',
    path: [...path, 'circuitBreaker', 'minimumRequests'],
    message: `${what}: it takes ${minimumRequests} requests in ${formatMs(windowMs)}, and the rate limits let at most ${Math.floor(most)} of them through to ${leg.name}`,
    fix:
      most < 1
        ? 'use consecutiveFailures with failurePercent: 0'
        : `set minimumRequests to ${Math.floor(most)} or less, or lengthen window`,
  })
}

const warnAboutHedge = (leg: PlannedLeg, route: ServedRoute, path: FieldPath, report: Report): void => {
  if (leg.hedge === undefined) return
  if (onlyWrites(leg, route) && route.idempotencyKey === undefined) {
    report({
      code: 'FR0124',
      path: [...path, 'hedge'],
      message: `hedges of ${leg.name} will not happen: a request that may change something needs an idempotency key for that`,
      fix: 'add spec.idempotencyKey: {}, or remove hedge',
    })
  }
  const { delayMs } = leg.hedge
  const bounds = [
    ['backendRequest', leg.attemptTimeoutMs || Number.POSITIVE_INFINITY],
    ['request', boundMsOf(leg, route)],
  ] as const
  const over = bounds.find(([, ms]) => delayMs >= ms)
  if (over === undefined) return
  report({
    code: 'FR0124',
    path: [...path, 'hedge', 'delay'],
    message: `no request to ${leg.name} is ever hedged: it ends after ${formatMs(over[1])} (timeouts.${over[0]}), and the hedge would come after ${formatMs(delayMs)}`,
    fix: `set delay below ${formatMs(over[1])}`,
  })
}

/** What `relay/leg-states.ts` lets be in flight to one upstream. */
const mostInFlight = { awaited: 4096, shadow: 256 }

const warnAboutConcurrency = (leg: PlannedLeg, path: FieldPath, report: Report): void => {
  const { concurrency, hedge, circuitBreaker } = leg
  if (concurrency === undefined) return
  const most = concurrency.maxParallelRequests
  const warn = (field: FieldPath, message: string, fix: string): void =>
    report({ code: 'FR0126', path: [...path, ...field], message, fix })
  if (hedge && hedge.maxParallel > most) {
    warn(
      ['hedge', 'maxParallel'],
      `${hedge.maxParallel} attempts at once never come about: maxParallelRequests lets ${most} through`,
      `raise maxParallelRequests to ${hedge.maxParallel} or more`,
    )
  }
  if (circuitBreaker && circuitBreaker.halfOpenRequests > most) {
    warn(
      ['circuitBreaker', 'halfOpenRequests'],
      `${circuitBreaker.halfOpenRequests} probes at once never come about: maxParallelRequests lets ${most} through`,
      `lower halfOpenRequests to ${most} or less`,
    )
  }
  const inFlight = leg.role === 'Shadow' ? mostInFlight.shadow : mostInFlight.awaited
  // As many legs in flight are that many attempts, times those that are hedged.
  if (most < inFlight * (hedge?.maxParallel ?? 1)) return
  warn(
    ['concurrency', 'maxParallelRequests'],
    `maxParallelRequests: ${most} is never reached: no more than ${inFlight} requests to ${leg.name} are in flight anyway`,
    `lower it below ${inFlight}, or remove concurrency`,
  )
}

const warnAboutWaiting = (leg: PlannedLeg, route: ServedRoute, path: FieldPath, report: Report): void => {
  if (boundMsOf(leg, route) !== Number.POSITIVE_INFINITY) return
  const warn = (field: FieldPath, what: string, instead: string): void =>
    report({
      code: 'FR0127',
      path: [...path, ...field],
      message: `nothing bounds how long a request to ${leg.name} waits ${what}: timeouts.request is 0s`,
      fix: `set timeouts.request, or ${instead}`,
    })
  const pending = leg.concurrency?.maxPendingRequests ?? 0
  if (pending > 0) warn(['concurrency'], 'for its turn', 'maxPendingRequests: 0')
  if (leg.rateLimit?.onLimit === 'Wait') warn(['rateLimit', 'onLimit'], 'for the limit', 'onLimit: Fail')
}
