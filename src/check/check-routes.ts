import type { ConditionType } from '../api/labels.ts'
import type { Condition, RouteStatus } from '../api/status.ts'
import { accepted, overridden } from '../controller/acceptance.ts'
import type { Finding } from '../controller/conditions.ts'
import { createJudge, type Judgement } from '../controller/judge-routes.ts'
import { type FindService, resolvedRefs } from '../controller/resolve-refs.ts'
import type { RouteObject } from '../controller/resources.ts'
import { factValue, unreadLine } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { type CheckFinding, type CheckSection, finding, line, ok, plural } from './finding.ts'
import { serviceFindings } from './service-findings.ts'

/** Routes are valid, lead somewhere, and are run by the relays they are for. */
export const checkRoutes = (facts: ClusterFacts): CheckSection => ({
  title: 'Routes',
  lines: routeLines(facts),
})

const routeLines = (facts: ClusterFacts): CheckSection['lines'] => {
  const { services, endpoints } = facts
  const routes = factValue(facts.routes)
  // Why they could not be read is told above.
  if (!routes) return []
  if (routes.length === 0) return [ok('there are none')]
  const stale = routes.filter(route => freshStatus(route) === undefined)
  const judged = judge(routes)
  const wrong = routes.flatMap(route => routeFindings(route, judged.get(route)!, finderOf(facts)))
  const isReady = `${plural(routes.length, 'route')}, accepted, resolved and programmed`
  return [
    line(isReady, [...wrong, ...staleFinding(stale)]),
    unreadLine('Services behind them have ready endpoints', [services, endpoints]) ??
      line('Services behind them have ready endpoints', serviceFindings(facts)),
  ]
}

/** Each namespace by itself, as the controller does. */
const judge = (routes: readonly RouteObject[]): ReadonlyMap<RouteObject, Judgement> => {
  const judgeRoutes = createJudge()
  const namespaces = Map.groupBy(routes, ({ metadata }) => metadata.namespace)
  return new Map([...namespaces.values()].flatMap(together => [...judgeRoutes(together)]))
}

const finderOf = ({ services }: ClusterFacts): FindService | undefined => {
  if (services.kind !== 'found') return undefined
  const known = new Map(services.value.map(one => [`${one.metadata.namespace}/${one.metadata.name}`, one]))
  return (namespace, name) => known.get(`${namespace}/${name}`)
}

/** The status, if it is about the route as it is now. */
const freshStatus = ({ metadata, status }: RouteObject): RouteStatus | undefined => {
  const { observedGeneration, conditions } = (status ?? {}) as RouteStatus
  const isFresh =
    Array.isArray(conditions) && conditions.length > 0 && observedGeneration === metadata.generation
  return isFresh ? (status as RouteStatus) : undefined
}

type Judged = Partial<Record<ConditionType, Pick<Condition | Finding, 'status' | 'reason' | 'message'>>>

/** What the controller found, or would find. */
const conditionsOf = (route: RouteObject, judgement: Judgement, find: FindService | undefined): Judged => {
  const status = freshStatus(route)
  if (status) return Object.fromEntries((status.conditions ?? []).map(one => [one.type, one]))
  const hidden = overridden(judgement)
  return {
    Accepted: accepted(judgement),
    ...(find && { ResolvedRefs: resolvedRefs(route, find) }),
    ...(hidden && { Overridden: hidden }),
  }
}

const routeFindings = (
  route: RouteObject,
  judgement: Judgement,
  find: FindService | undefined,
): readonly CheckFinding[] => {
  const { namespace, name } = route.metadata
  const { Accepted, ResolvedRefs, Programmed, Overridden } = conditionsOf(route, judgement, find)
  const tell = (code: string, { reason, message }: { reason: string; message: string }): CheckFinding =>
    finding(code, { where: `FanOutRoute ${namespace}/${name}`, message: `${reason}: ${message}` })
  return [
    ...(Accepted?.status === 'False' ? [tell('FR0240', Accepted)] : []),
    ...(ResolvedRefs?.status === 'False' ? [tell('FR0241', ResolvedRefs)] : []),
    // A route that is not accepted is not programmed either, which says nothing more.
    ...(Programmed && Programmed.status !== 'True' && Accepted?.status === 'True'
      ? [tell('FR0242', Programmed)]
      : []),
    ...(Overridden?.status === 'True' ? [tell('FR0244', Overridden)] : []),
  ]
}

const shown = 5

/** One for all: there is one controller, and it looks at all of them or at none. */
const staleFinding = (routes: readonly RouteObject[]): readonly CheckFinding[] => {
  if (routes.length === 0) return []
  const names = routes.slice(0, shown).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  const more = routes.length > shown ? ` and ${routes.length - shown} more` : ''
  return [
    finding('FR0243', {
      where: `FanOutRoute ${names.join(', ')}${more}`,
      message: `${plural(routes.length, 'route')} without an up-to-date status: the controller has not looked at them`,
    }),
  ]
}
