import type { RouteResource, RouteSnapshot } from '../api/snapshot.ts'
import { planRoute, type RouteResult } from './plan-route.ts'
import { planRoutes } from './plan-routes.ts'
import type { PlanResult } from './types.ts'

/**
 * Plans snapshot after snapshot, each on top of the last. A resource that is the same object as before, under
 * the same backends, is not validated again: a reload costs what changed, not what there is.
 */
export const createPlanner = (): ((snapshot: RouteSnapshot) => PlanResult) => {
  const known = new WeakMap<RouteResource, { readonly backends: string; readonly result: RouteResult }>()
  let previous: PlanResult | undefined
  return snapshot => {
    const backends = JSON.stringify([...(snapshot.backends ?? ['cluster'])])
    previous = planRoutes(snapshot, previous?.plan, (resource, context) => {
      const before = known.get(resource)
      // Findings from outside, such as a duplicate's, are part of the result.
      if (before?.backends === backends && context.findings.length === 0) return before.result
      const result = planRoute(resource, context)
      if (context.findings.length === 0) known.set(resource, { backends, result })
      return result
    })
    return previous
  }
}
