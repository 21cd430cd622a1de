import type { RouteSpec } from '../api/fan-out-route.ts'
import type { Report } from './finding.ts'
import { mostAttempts, ratePerSecond, shareOf } from './leg-facts.ts'
import type { PlannedLeg, PlannedRateLimit, ServedRoute } from './types.ts'

/** FR0123: limits of legs that are sure to refuse what the route lets in, or what its retries add. */
export const warnAboutRateLimits = ({ upstreams }: RouteSpec, route: ServedRoute, report: Report): void =>
  route.legs.forEach((leg, i) => {
    const { rateLimit, name } = leg
    const interval = upstreams[i]?.rateLimit?.interval
    if (rateLimit === undefined || interval === undefined) return
    const limit = { ...rateLimit, interval }
    const found = comparable(route.rateLimit, leg)
      ? shortage(leg, limit, route, ratePerSecond(route.rateLimit) * shareOf(leg))
      : usedUpByRetries(leg, limit, route)
    if (found === undefined) return
    report({
      code: 'FR0123',
      path: ['spec', 'upstreams', i, 'rateLimit', 'requests'],
      message: `${name} takes ${perInterval(limit.requests, limit)}, and ${found.message}`,
      fix: found.fix,
    })
  })

interface Limit extends PlannedRateLimit {
  /** As its author wrote it: `60s`. */
  readonly interval: string
}

interface Shortage {
  readonly message: string
  readonly fix: string
}

/** `incoming` is what the route lets in, in requests per second. */
const shortage = (
  leg: PlannedLeg,
  limit: Limit,
  route: ServedRoute,
  incoming: number,
): Shortage | undefined => {
  const rate = ratePerSecond(limit)
  const extra = retriesPerSecond(leg, route, incoming)
  const raised = raise(incoming + extra, limit)
  const letIn = `the route lets ${inInterval(incoming, limit)} in`
  if (isBelow(rate, incoming)) {
    const room = extra > 0 ? ', which leaves room for retries' : ''
    return {
      message: `${letIn}: the rest fails with rate_limited`,
      fix: `${raised}${room}, or lower spec.rateLimit`,
    }
  }
  if (!isBelow(rate, incoming + extra)) return undefined
  return {
    message: `${letIn}, to which retries may add ${inInterval(extra, limit)}: then the limit refuses some`,
    fix: `${raised}, or lower spec.rateLimit or spec.retryBudget`,
  }
}

/** Most that retries and hedges add to a leg of which `incoming` requests per second are asked. */
const retriesPerSecond = (leg: PlannedLeg, { legs, retryBudget }: ServedRoute, incoming: number): number => {
  if (retryBudget === undefined || mostAttempts(leg) === 1) return 0
  // The budget is over all legs, and in the worst case all of it goes to this one.
  const triesPerRequest = legs.reduce((sum, other) => sum + shareOf(other), 0)
  const allowed =
    (retryBudget.percent / 100) * (incoming / shareOf(leg)) * triesPerRequest + retryBudget.minPerSecond
  return Math.min(allowed, incoming * (mostAttempts(leg) - 1))
}

/** Where nothing is known of what comes in, the part of the budget that does not depend on it. */
const usedUpByRetries = (
  leg: PlannedLeg,
  limit: Limit,
  { retryBudget }: ServedRoute,
): Shortage | undefined => {
  if (retryBudget === undefined || mostAttempts(leg) === 1) return undefined
  const rate = ratePerSecond(limit)
  const { minPerSecond } = retryBudget
  if (rate > minPerSecond) return undefined
  const budget = rate > 1 ? `well below ${round(rate)}` : 'to 0'
  return {
    message: `the retry budget allows ${minPerSecond} per second and more: retries alone may use the limit up`,
    fix: `set spec.retryBudget.minPerSecond ${budget}, or raise the limit well above ${inInterval(minPerSecond, limit)}`,
  }
}

/** A limit of each relay says nothing about one of all of them, unless the leg's is the shared one. */
const comparable = (
  limit: PlannedRateLimit | undefined,
  { rateLimit, sample }: PlannedLeg,
): limit is PlannedRateLimit =>
  limit !== undefined && sample?.percent !== 0 && (limit.scope === 'Local' || rateLimit?.scope === 'Global')

/** Sums of decimal fractions come out a little above what they are. */
const isBelow = (rate: number, needed: number): boolean => rate < needed * (1 - 1e-9)

/** Most that the schema lets an author write. */
const maxRequests = 1_000_000

/** Names the least that lets so much through: in the same interval, or where that is too much, in a shorter one. */
const raise = (perSecond: number, limit: Limit): string => {
  const requests = smallest((perSecond * limit.intervalMs) / 1000)
  return requests <= maxRequests
    ? `raise it to ${perInterval(requests, limit)}`
    : `set it to ${smallest(perSecond)} per second`
}

const smallest = (needed: number): number => Math.ceil(needed * (1 - 1e-9))

/** A rate per second in the interval of a limit, in which its author thinks. */
const inInterval = (rate: number, limit: Limit): string =>
  perInterval(round((rate * limit.intervalMs) / 1000), limit)

const perInterval = (requests: number, { interval }: Limit): string =>
  `${requests} per ${interval === '1s' ? 'second' : interval}`

const round = (rate: number): number => Math.ceil((rate - 1e-9) * 100) / 100
