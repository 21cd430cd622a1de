import type { RouteState } from '../core/figures.ts'
import type { PlannedRoute, PlanResult } from '../plan/types.ts'

/** States of all routes of a plan. A route has one: the first that is true of broken, last_good, overridden. */
export function routeStatesOf({ plan, lastGood, overridden }: PlanResult): ReadonlyMap<string, RouteState> {
  const served = new Set(lastGood)
  const hidden = new Set(overridden.map(({ id }) => id))
  const stateOf = ({ id, kind }: PlannedRoute): RouteState =>
    kind === 'broken' ? 'broken' : served.has(id) ? 'last_good' : hidden.has(id) ? 'overridden' : 'active'
  return new Map(plan.routes.map(route => [route.id, stateOf(route)]))
}

/** For `fanout_routes{state}` and the overview. */
export function countRouteStates(result: PlanResult | undefined): Readonly<Record<RouteState, number>> {
  const counts = { active: 0, last_good: 0, broken: 0, overridden: 0 }
  if (result) for (const state of routeStatesOf(result).values()) counts[state] += 1
  return counts
}
