import { createHash } from 'node:crypto'
import type { Problem } from '../api/problem.ts'
import type { RouteResource, RouteSnapshot } from '../api/snapshot.ts'
import { type Finding, toProblem } from './finding.ts'
import { deepFreeze } from './freeze.ts'
import { planRoute } from './plan-route.ts'
import { inOrder } from './problem-order.ts'
import { checkRanks } from './rank-findings.ts'
import type { PlannedRoute, PlanResult, RelayPlan, ServedRoute } from './types.ts'

/** Work on one route, which a planner of many snapshots remembers. */
export interface PlanSteps {
  readonly planOne: typeof planRoute
  /** Of a planned route's content. */
  readonly digestOf: (route: PlannedRoute) => Buffer
}

/**
 * Makes a plan of everything a source sees. Pure: the same snapshot and previous plan give the same
 * result, in whatever order the routes come. An invalid route costs that route alone: it is served as it
 * was in `previous`, or else answers 503. The result is frozen to its leaves.
 */
export const planRoutes = (
  snapshot: RouteSnapshot,
  previous?: RelayPlan,
  { planOne, digestOf }: PlanSteps = steps,
): PlanResult => {
  const lastGoodOf = servedById(previous)
  const lastGood: string[] = []
  const stale = new Set(snapshot.stale)
  const routes: PlannedRoute[] = []
  const problems: Problem[] = []
  const found = new Map<string, RouteResource>()

  for (const [id, copies] of byId(snapshot.routes)) {
    const results = copies.map(resource => {
      const findings = copies.length > 1 ? [duplicate(resource, copies)] : []
      const result = planOne(resource, { backends: snapshot.backends, findings })
      problems.push(...result.findings.map(finding => toProblem(resource, finding)))
      return result.route
    })
    const route = results[0]
    const kept = route?.kind === 'served' ? undefined : lastGoodOf.get(id)
    if (kept || (route?.kind === 'served' && stale.has(id))) lastGood.push(id)
    if (kept ?? route) routes.push((kept ?? route)!)
    if (route?.kind === 'served') found.set(id, copies[0]!)
  }

  const ranks = checkRanks({ routes })
  for (const { id, finding } of ranks.findings) {
    // An invalid route has more to mend than its rank, which is that of another version anyway.
    const resource = found.get(id)
    if (resource) problems.push(toProblem(resource, finding))
  }
  return deepFreeze({
    plan: { revision: revisionOf(routes, digestOf), routes },
    problems: [...snapshot.problems.map(copyOf), ...inOrder(problems, compareProblems)],
    lastGood,
    overridden: ranks.overridden.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  })
}

const servedById = (plan: RelayPlan | undefined): ReadonlyMap<string, ServedRoute> =>
  new Map(plan?.routes.flatMap(route => (route.kind === 'served' ? [[route.id, route] as const] : [])))

/** In order of id; copies of one id in the order of their files. */
const byId = (routes: readonly RouteResource[]): readonly (readonly [string, readonly RouteResource[]])[] =>
  [...Map.groupBy(routes, ({ id }) => id)]
    .map(([id, copies]) => [id, copies.toSorted((a, b) => compareText(placeOf(a), placeOf(b)))] as const)
    .sort(([a], [b]) => compareText(a, b))

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const placeOf = (resource: RouteResource): string => {
  const at = resource.locate?.(['metadata', 'name'])
  return at ? `${at.file}:${String(at.line).padStart(9, '0')}` : ''
}

/** Other places that a message names: enough to find the rest, and bounded. */
const maxPlaces = 3

const duplicate = (resource: RouteResource, copies: readonly RouteResource[]): Finding => {
  const places = copies
    .slice(0, maxPlaces + 1)
    .filter(copy => copy !== resource)
    .slice(0, maxPlaces)
    .flatMap(copy => {
      const at = copy.locate?.(['metadata', 'name'])
      return at ? [`${at.file}:${at.line}:${at.column}`] : []
    })
  const where = places.length > 0 ? `also in ${places.join(' and ')}` : 'more than once'
  return {
    code: 'FR0007',
    path: ['metadata', 'name'],
    message: `${resource.id} is defined ${where}; none of them is used`,
    fix: 'rename or remove one of them',
  }
}

/** By route, then by place: the order in which an author mends them. */
const compareProblems = (a: Problem, b: Problem): number =>
  compareText(a.route ?? '', b.route ?? '') ||
  compareText(a.location?.file ?? '', b.location?.file ?? '') ||
  (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
  (a.location?.column ?? 0) - (b.location?.column ?? 0)

const copyOf = (problem: Problem): Problem => ({
  ...problem,
  ...(problem.location && { location: { ...problem.location } }),
})

/** 12 hexadecimal digits: enough to tell plans apart, short enough to be read out. */
const revisionOf = (routes: readonly PlannedRoute[], digestOf: PlanSteps['digestOf']): string => {
  const whole = createHash('sha256')
  for (const route of routes) whole.update(digestOf(route))
  return whole.digest('hex').slice(0, 12)
}

/** The steps as they are, without a memory. */
export const steps: PlanSteps = {
  planOne: planRoute,
  digestOf: route => createHash('sha256').update(JSON.stringify(route)).digest(),
}
