import { type LabelSelector, labelSelector } from '../api/label-selector.ts'
import { apiVersion, kind } from '../api/names.ts'
import type { Problem } from '../api/problem.ts'
import type { RouteResource } from '../api/snapshot.ts'
import type { RouteResult } from '../plan/plan-route.ts'
import { type PlanSteps, planRoutes, steps } from '../plan/plan-routes.ts'
import type { PlannedRoute, ServedRoute } from '../plan/types.ts'
import type { RouteObject } from './resources.ts'
import { selectorCovers } from './selector-covers.ts'

/** What planning says about one route. */
export interface Judgement {
  readonly selector: LabelSelector | undefined
  /** `undefined` = it is invalid. */
  readonly served: ServedRoute | undefined
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** `namespace/name` of the route that takes all of its requests. */
  readonly overriddenBy: string | undefined
}

export type JudgeRoutes = (routes: readonly RouteObject[]) => ReadonlyMap<RouteObject, Judgement>

/**
 * Judges all routes of a namespace. Each is planned beside those that every one of its relays serves too: a route
 * for other workloads takes none of its requests. An object is validated once, however often it is judged.
 */
export const createJudge = (): JudgeRoutes => {
  const resources = new WeakMap<RouteObject, RouteResource>()
  const known = new WeakMap<RouteResource, RouteResult>()
  const digests = new WeakMap<PlannedRoute, Buffer>()
  const memo: PlanSteps = {
    planOne: (resource, context) =>
      context.findings.length > 0
        ? steps.planOne(resource, context)
        : remember(known, resource, () => steps.planOne(resource, context)),
    digestOf: route => remember(digests, route, () => steps.digestOf(route)),
  }
  return routes => {
    const entries = routes.map(route => ({
      route,
      resource: remember(resources, route, () => resourceOf(route)),
      selector: selectorOf(route),
    }))
    const judged = new Map<RouteObject, Judgement>()
    for (const group of Map.groupBy(entries, ({ selector }) => keyOf(selector)).values()) {
      const { selector } = group[0]!
      const together = entries.filter(other => selectorCovers(other.selector, selector))
      const result = planRoutes(
        { routes: together.map(({ resource }) => resource), backends: undefined, problems: [] },
        undefined,
        memo,
      )
      const problems = Map.groupBy(result.problems, ({ route = '' }) => route)
      const planned = new Map(result.plan.routes.map(route => [route.id, route]))
      const overridden = new Map(result.overridden.map(({ id, by }) => [id, by]))
      for (const { route, resource } of group) {
        const found = problems.get(resource.id) ?? []
        const served = planned.get(resource.id)
        judged.set(route, {
          selector,
          served: served?.kind === 'served' ? served : undefined,
          errors: found.filter(({ severity }) => severity === 'error'),
          warnings: found.filter(({ severity }) => severity === 'warning'),
          overriddenBy: overridden.get(resource.id),
        })
      }
    }
    return judged
  }
}

/** As relays see it: without the status, which would be a new object with every word of ours. */
const resourceOf = ({ status: _, ...route }: RouteObject): RouteResource => {
  // Items of a list need not say what they are.
  const object = { apiVersion, kind, ...route }
  const { name, namespace = 'default' } = object.metadata
  return { id: `${namespace}/${name}`, namespace, name, object }
}

/** An invalid selector is an error of the route; for its place among the others it selects everything. */
const selectorOf = ({ spec }: RouteObject): LabelSelector | undefined => {
  const given = (spec as { workloadSelector?: unknown } | null | undefined)?.workloadSelector
  return labelSelector.optional().safeParse(given).data
}

const keyOf = (selector: LabelSelector | undefined): string => JSON.stringify(selector) ?? ''

const remember = <Key extends object, Value>(
  map: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value => {
  const before = map.get(key)
  if (before !== undefined) return before
  const value = make()
  map.set(key, value)
  return value
}
