import { matchesLabels } from '../api/match-labels.ts'
import { type Condition, maxWorkloads, type RouteStatus, type WorkloadStatus } from '../api/status.ts'
import type { PlannedLeg } from '../plan/types.ts'
import { accepted, overridden } from './acceptance.ts'
import { summarise, toConditions } from './conditions.ts'
import type { Judgement } from './judge-routes.ts'
import { programmed, rolloutOf, stateOf } from './programmed.ts'
import type { AskedRelay } from './relays.ts'
import { type FindService, resolvedRefs } from './resolve-refs.ts'
import type { RouteObject } from './resources.ts'

/** What a status is made of besides the route itself. */
export interface Surroundings {
  /** All of the route's namespace. */
  readonly relays: readonly AskedRelay[]
  readonly findService: FindService
  /** RFC 3339, in whole seconds. */
  readonly now: string
}

/** The status a route should have. Pure: it depends on nothing but its arguments. */
export const statusOf = (
  route: RouteObject,
  judgement: Judgement,
  { relays: all, findService, now }: Surroundings,
): RouteStatus => {
  const { name, namespace = '', generation } = route.metadata
  const id = `${namespace}/${name}`
  const relays = all.filter(({ labels }) => matchesLabels(judgement.selector, labels))
  const rollout = rolloutOf(relays, id, generation ?? 0)

  const isAccepted = accepted(judgement)
  const refs = resolvedRefs(route, findService)
  const isProgrammed = programmed(rollout, {
    generation: generation ?? 0,
    valid: judgement.served !== undefined,
    narrowed: judgement.selector !== undefined,
  })
  const hidden = overridden(judgement)
  const findings = {
    Accepted: isAccepted,
    ResolvedRefs: refs,
    Programmed: isProgrammed,
    ...(hidden && { Overridden: hidden }),
    Ready: summarise([isAccepted, refs, isProgrammed]),
  }
  const workloads = workloadsOf(relays, id, generation ?? 0)
  const { served } = judgement
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: [...toConditions(findings, conditionsOf(route), { generation, now })],
    summary: {
      ...(served && { upstreams: countRoles(served.legs), strategy: served.answer.success }),
      relays: `${rollout.current}/${rollout.relays}`,
    },
    ...(workloads.length > 0 && { workloads: workloads.slice(0, maxWorkloads) }),
    ...(workloads.length > maxWorkloads && { truncated: true }),
  }
}

/** Those that the route has now, whoever wrote them. */
export const conditionsOf = ({ status }: RouteObject): readonly Condition[] => {
  const conditions = (status as { conditions?: unknown } | null | undefined)?.conditions
  return Array.isArray(conditions) ? (conditions as readonly Condition[]) : []
}

const roles = ['Required', 'Optional', 'Shadow'] as const

/** `1 required, 1 optional` */
const countRoles = (legs: readonly PlannedLeg[]): string =>
  roles
    .map(role => ({ role, count: legs.filter(leg => leg.role === role).length }))
    .filter(({ count }) => count > 0)
    .map(({ role, count }) => `${count} ${role.toLowerCase()}`)
    .join(', ')

const workloadsOf = (
  relays: readonly AskedRelay[],
  route: string,
  generation: number,
): readonly WorkloadStatus[] =>
  [...Map.groupBy(relays, ({ workload }) => `${workload.name}/${workload.kind}`)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, members]) => ({
      kind: members[0]!.workload.kind,
      name: members[0]!.workload.name,
      relays: members.length,
      programmed: members.filter(relay => stateOf(relay, route, generation) === 'current').length,
    }))
