import type { Call } from '../core/call.ts'
import type { Observer, ServerAddress } from '../core/observer.ts'
import type { Timers } from '../core/timer-list.ts'
import type { RankedMatch } from '../plan/precedence.ts'
import type { PlannedLeg, PlannedRoute, RelayPlan, ServedRoute } from '../plan/types.ts'
import { createAttempt } from '../upstream/attempt.ts'
import type { Pools } from '../upstream/pools.ts'
import { HostIndex } from './host-index.ts'
import { requestBuilder } from './leg-request.ts'
import type { LegState, LegStates } from './leg-states.ts'
import { nearestRoutes } from './nearest.ts'
import type { AnswerPolicy, CompiledLeg, CompiledRoute } from './route.ts'
import { sampler } from './sample.ts'
import { RouteTable } from './table.ts'

/** What outlasts a table: registries keyed by route and upstream, so that a reload resets nothing. */
export interface TableParts {
  readonly pools: Pools
  readonly legStates: LegStates
  readonly timers: Timers
  readonly observer: Observer
}

/** Compiles a plan. `ranked` lists its matches in order of precedence. */
export const buildTable = (
  plan: RelayPlan,
  ranked: readonly RankedMatch[],
  parts: TableParts,
): RouteTable => {
  const origins: string[] = []
  const states = new Set<LegState>()
  const routes = new Map<string, CompiledRoute>()
  for (const route of plan.routes) routes.set(route.id, compileRoute(route, parts, origins, states))
  const index = new HostIndex()
  for (const { route, hostname, match } of ranked) index.add(hostname, routes.get(route.id)!, match)
  parts.legStates.retain(states)
  return new RouteTable({
    revision: plan.revision,
    index,
    nearest: nearestRoutes(plan.routes),
    release: () => {
      for (const origin of origins) parts.pools.release(origin)
    },
  })
}

const compileRoute = (
  route: PlannedRoute,
  parts: TableParts,
  origins: string[],
  states: Set<LegState>,
): CompiledRoute => {
  const observer = parts.observer.route(route.id)
  if (route.kind === 'broken') return { kind: 'broken', id: route.id, reason: route.reason, observer }
  const answer = compileAnswer(route)
  return {
    kind: 'served',
    id: route.id,
    timeout: parts.timers.forDuration(route.requestTimeoutMs),
    maxBodyBytes: route.maxBodyBytes,
    onOversize: route.onOversize,
    legs: route.legs.map((leg, index) => {
      origins.push(leg.origin)
      const compiled = compileLeg(route, leg, index, answer, parts)
      states.add(compiled.state)
      return compiled
    }),
    answer,
    observer,
  }
}

const compileAnswer = ({ answer }: ServedRoute): AnswerPolicy => ({
  ...answer,
  streamed: answer.body === 'Upstream' && (answer.success === 'Primary' || answer.success === 'First'),
})

const compileLeg = (
  route: ServedRoute,
  leg: PlannedLeg,
  index: number,
  answer: AnswerPolicy,
  { pools, legStates, timers, observer }: TableParts,
): CompiledLeg => {
  const awaited = leg.role !== 'Shadow'
  const legObserver = observer.leg(route.id, leg.name, leg.role)
  const call: Call = createAttempt({
    dispatcher: pools.acquire(leg.origin),
    timeout: timers.forDuration(leg.attemptTimeoutMs),
    now: timers.clock.now,
    observer: legObserver,
  })
  const { legTimeoutMs } = leg
  const { requestTimeoutMs } = route
  // The route's own deadline covers an awaited leg unless the leg's is shorter.
  const ownDeadline = !awaited || requestTimeoutMs === 0 || legTimeoutMs < requestTimeoutMs
  return {
    index,
    name: leg.name,
    role: leg.role,
    server: addressOf(leg.origin),
    awaited,
    call,
    buildRequest: requestBuilder(leg, { relayReadsAnswer: awaited && answer.body !== 'Upstream' }),
    timeout: ownDeadline ? timers.forDuration(legTimeoutMs) : undefined,
    sample: leg.sample && sampler(leg.sample.percent, leg.sample.header),
    state: legStates.get(route.id, leg.name, awaited),
    observer: legObserver,
  }
}

const addressOf = (origin: string): ServerAddress => {
  const { protocol, hostname, port } = new URL(origin)
  return { address: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
