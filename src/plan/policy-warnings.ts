import type { RouteSpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import { warnAboutBreaker } from './breaker-warnings.ts'
import type { Report } from './finding.ts'
import { formatMs } from './format.ts'
import { boundMsOf, isSafe, onlyWrites } from './leg-facts.ts'
import { warnAboutRateLimits } from './rate-limit-warnings.ts'
import { warnAboutRetries } from './retry-warnings.ts'
import type { PlannedLeg, ServedRoute } from './types.ts'

/** Policies that are valid and hardly meant. `route` is what was made of `spec`, legs in the same order. */
export const warnAboutPolicies = (spec: RouteSpec, route: ServedRoute, report: Report): void => {
  warnAboutRetries(spec, route, report)
  warnAboutRateLimits(spec, route, report)
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

/** FR0127 and FR0132: waiting without an end, or in vain. */
const warnAboutWaiting = (leg: PlannedLeg, route: ServedRoute, path: FieldPath, report: Report): void => {
  const { rateLimit, name } = leg
  const boundMs = boundMsOf(leg, route)
  const waits = rateLimit?.onLimit === 'Wait'
  if (boundMs !== Number.POSITIVE_INFINITY) {
    if (!waits) return
    const tokenMs = rateLimit.intervalMs / rateLimit.requests
    if (tokenMs <= boundMs) return
    report({
      code: 'FR0132',
      path: [...path, 'rateLimit', 'onLimit'],
      message: `a request that waits for the limit of ${name} may wait in vain: a token comes every ${formatMs(Math.round(tokenMs))}, and the request ends after ${formatMs(boundMs)}`,
      fix: 'use onLimit: Fail, raise requests, or lengthen timeouts.request',
    })
    return
  }
  const warn = (field: FieldPath, what: string, instead: string): void =>
    report({
      code: 'FR0127',
      path: [...path, ...field],
      message: `nothing bounds how long a request to ${name} waits ${what}: timeouts.request is 0s`,
      fix: `set timeouts.request, or ${instead}`,
    })
  const pending = leg.concurrency?.maxPendingRequests ?? 0
  if (pending > 0) warn(['concurrency'], 'for its turn', 'maxPendingRequests: 0')
  if (waits) warn(['rateLimit', 'onLimit'], 'for the limit', 'onLimit: Fail')
}
