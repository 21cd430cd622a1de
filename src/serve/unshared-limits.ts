import type { RelayPlan } from '../plan/types.ts'

/** Routes with a limit of `scope: Global`, which each relay counts by itself when no store is configured. */
export const routesWithGlobalLimits = ({ routes }: RelayPlan): readonly string[] =>
  routes.flatMap(route => {
    if (route.kind === 'broken') return []
    const limits = [route.rateLimit, ...route.legs.map(leg => leg.rateLimit)]
    return limits.some(limit => limit?.scope === 'Global') ? [route.id] : []
  })
