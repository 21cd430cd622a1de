import type { RouteResource, RouteSnapshot } from '../api/snapshot.ts'
import type { RouteResult } from './plan-route.ts'
import { type PlanSteps, planRoutes, steps } from './plan-routes.ts'
import type { PlannedRoute, PlanResult } from './types.ts'

/**
 * Plans snapshot after snapshot, each on top of the last. A resource that is the same object as before, under
 * the same backends, is not validated again: a reload costs what changed, not what there is.
 */
export const createPlanner = (): ((snapshot: RouteSnapshot) => PlanResult) => {
  const known = new WeakMap<RouteResource, { readonly backends: string; readonly result: RouteResult }>()
  const digests = new WeakMap<PlannedRoute, Buffer>()
  const digestOf = (route: PlannedRoute): Buffer => {
    const digest = digests.get(route) ?? steps.digestOf(route)
    digests.set(route, digest)
    return digest
  }
  let previous: PlanResult | undefined
  return snapshot => {
    const backends = JSON.stringify([...(snapshot.backends ?? ['cluster'])])
    const planOne: PlanSteps['planOne'] = (resource, context) => {
      const before = known.get(resource)
      // Findings from outside, such as a duplicate's, are part of the result.
      if (before?.backends === backends && context.findings.length === 0) return before.result
      const result = steps.planOne(resource, context)
      if (context.findings.length === 0) known.set(resource, { backends, result })
      return result
    }
    previous = planRoutes(snapshot, previous?.plan, { planOne, digestOf })
    return previous
  }
}
