import type { Report } from './finding.ts'
import { mostAttempts, ratePerSecond, shareOf } from './leg-facts.ts'
import type { PlannedLeg, PlannedRateLimit, ServedRoute } from './types.ts'

/** FR0123: limits of legs that are sure to refuse what the route lets in, or what its retries add. */
export const warnAboutRateLimits = (route: ServedRoute, report: Report): void =>
  route.legs.forEach((leg, i) => {
    const { rateLimit, name } = leg
    if (rateLimit === undefined) return
    const rate = ratePerSecond(rateLimit)
    const found = shortage(leg, rate, route)
    if (found === undefined) return
    report({
      code: 'FR0123',
      path: ['spec', 'upstreams', i, 'rateLimit', 'requests'],
      message: `${name} takes ${perSecond(rate)}, and ${found.message}`,
      fix: found.fix,
    })
  })

interface Shortage {
  readonly message: string
  readonly fix: string
}

const shortage = (leg: PlannedLeg, rate: number, route: ServedRoute): Shortage | undefined => {
  const incoming = comparable(route.rateLimit, leg) && ratePerSecond(route.rateLimit) * shareOf(leg)
  if (incoming && rate < incoming) {
    return {
      message: `the route lets ${perSecond(incoming)} in: the rest fails with rate_limited`,
      fix: `raise it to ${perSecond(incoming)}, or lower spec.rateLimit`,
    }
  }
  const { retryBudget } = route
  if (retryBudget === undefined || mostAttempts(leg) === 1) return undefined
  if (!incoming) {
    if (rate > retryBudget.minPerSecond) return undefined
    return {
      message: `the retry budget allows ${retryBudget.minPerSecond} per second and more: retries alone may use the limit up`,
      fix: `set spec.retryBudget.minPerSecond well below ${round(rate)}, or raise the limit`,
    }
  }
  // The budget is over all legs, and in the worst case all of it goes to this one.
  const triesPerRequest = route.legs.reduce((sum, other) => sum + shareOf(other), 0)
  const allowed =
    (retryBudget.percent / 100) * (incoming / shareOf(leg)) * triesPerRequest + retryBudget.minPerSecond
  const extra = Math.min(allowed, incoming * (mostAttempts(leg) - 1))
  if (rate >= incoming + extra) return undefined
  return {
    message: `the route lets ${perSecond(incoming)} in, to which retries may add ${perSecond(extra)}: then the limit refuses some`,
    fix: `raise it to ${perSecond(incoming + extra)}, or lower spec.rateLimit or spec.retryBudget`,
  }
}

/** A limit of each relay says nothing about one of all of them, unless the leg's is the shared one. */
const comparable = (
  limit: PlannedRateLimit | undefined,
  { rateLimit, sample }: PlannedLeg,
): limit is PlannedRateLimit =>
  limit !== undefined && sample?.percent !== 0 && (limit.scope === 'Local' || rateLimit?.scope === 'Global')

const round = (rate: number): number => Math.ceil(rate * 100) / 100

const perSecond = (rate: number): string => `${round(rate)} per second`
