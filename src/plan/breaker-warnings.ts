import type { FieldPath } from '../api/problem.ts'
import type { Report } from './finding.ts'
import { formatMs } from './format.ts'
import { boundMsOf, mostAttempts, mostWithin, shareOf } from './leg-facts.ts'
import type { PlannedBreaker, PlannedLeg, PlannedRetry, ServedRoute } from './types.ts'

/** FR0122, FR0130 and FR0131: breakers that hardly do what is meant. `path` is that of the leg. */
export const warnAboutBreaker = (
  leg: PlannedLeg,
  route: ServedRoute,
  path: FieldPath,
  report: Report,
): void => {
  const { circuitBreaker: breaker, retry } = leg
  if (breaker === undefined) return
  const place = [...path, 'circuitBreaker']
  if (breaker.failurePercent > 0) warnAboutTraffic(leg, breaker, route, place, report)
  if (retry) warnAboutRetries(leg, breaker, retry, place, report)
  if (leg.attemptTimeoutMs > 0 || boundMsOf(leg, route) !== Number.POSITIVE_INFINITY) return
  report({
    code: 'FR0131',
    path: place,
    message: `a probe to ${leg.name} may never end: with request: 0s and no backendRequest nothing bounds it, and another is sent only after ${formatMs(breaker.openMs)}`,
    fix: 'set timeouts.backendRequest, or a time for request',
  })
}

const warnAboutTraffic = (
  leg: PlannedLeg,
  breaker: PlannedBreaker,
  route: ServedRoute,
  path: FieldPath,
  report: Report,
): void => {
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
    path: [...path, 'minimumRequests'],
    message: `${what}: it takes ${minimumRequests} requests in ${formatMs(windowMs)}, and the rate limits let at most ${Math.floor(most)} of them through to ${leg.name}`,
    fix:
      most < 1
        ? 'use consecutiveFailures with failurePercent: 0'
        : `set minimumRequests to ${Math.floor(most)} or less, or lengthen window`,
  })
}

/** What is retried has failed for the breaker as well, statuses below 500 excepted. */
const warnAboutRetries = (
  leg: PlannedLeg,
  { consecutiveFailures: most }: PlannedBreaker,
  { attempts, codes, on }: PlannedRetry,
  path: FieldPath,
  report: Report,
): void => {
  if (most === 0 || most > attempts) return
  if (on.length === 0 && !codes.some(code => code >= 500)) return
  report({
    code: 'FR0130',
    path: [...path, 'consecutiveFailures'],
    message: `one request to ${leg.name} can open the circuit by its own retries: ${most} failures in a row do, and it is tried ${attempts + 1} times`,
    fix: `set consecutiveFailures well above ${attempts}, or lower attempts`,
  })
}
