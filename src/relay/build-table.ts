import { compose } from '../core/call.ts'
import type { Limit } from '../core/limit.ts'
import type { Observer } from '../core/observer.ts'
import type { Timers } from '../core/timer-list.ts'
import type { RankedMatch } from '../plan/precedence.ts'
import type { PlannedLeg, PlannedRateLimit, PlannedRoute, RelayPlan, ServedRoute } from '../plan/types.ts'
import type { Registry } from '../policies/registry.ts'
import { RetryBudget } from '../policies/retry-budget.ts'
import { TokenBucket } from '../policies/token-bucket.ts'
import { createAttempt } from '../upstream/attempt.ts'
import type { Pools } from '../upstream/pools.ts'
import { HostIndex } from './host-index.ts'
import { legPolicies } from './leg-policies.ts'
import { requestBuilder } from './leg-request.ts'
import type { LegState, LegStates } from './leg-states.ts'
import { nearestRoutes } from './nearest.ts'
import type { AnswerPolicy, CompiledLeg, CompiledRoute } from './route.ts'
import { sampler } from './sample.ts'
import { RouteTable } from './table.ts'

/** What outlasts a table, so that a reload resets nothing that did not change. */
export interface TableParts {
  readonly pools: Pools
  readonly legStates: LegStates
  /** Breakers, limits and budgets, by route, leg and settings. */
  readonly registry: Registry
  readonly timers: Timers
  readonly observer: Observer
  /** Puts a store behind limits of `scope: Global`; absent = each relay counts by itself. */
  readonly sharedLimit?: SharedLimit
}

/** `key` names the limit among all relays; `local` stands in while the store is away. */
export type SharedLimit = (
  key: string,
  settings: PlannedRateLimit,
  local: Limit,
  onFallback: () => void,
) => Limit

/** Compiles a plan. `ranked` lists its matches in order of precedence. */
export const buildTable = (
  plan: RelayPlan,
  ranked: readonly RankedMatch[],
  parts: TableParts,
): RouteTable => {
  const build: Build = { parts, origins: [], states: new Set(), kept: new Set() }
  const routes = new Map<string, CompiledRoute>()
  for (const route of plan.routes) routes.set(route.id, compileRoute(route, build))
  const index = new HostIndex()
  for (const { route, hostname, match } of ranked) index.add(hostname, routes.get(route.id)!, match)
  parts.legStates.retain(build.states)
  parts.registry.retain(build.kept)
  return new RouteTable({
    revision: plan.revision,
    index,
    nearest: nearestRoutes(plan.routes),
    release: () => {
      for (const origin of build.origins) parts.pools.release(origin)
    },
  })
}

/** One table in the making, and what it uses of that which outlasts it. */
interface Build {
  readonly parts: TableParts
  readonly origins: string[]
  readonly states: Set<LegState>
  readonly kept: Set<string>
}

/** A changed setting makes a new one; what is as it was goes on where it stood. */
const keep = <T extends object>(
  { parts, kept }: Build,
  owner: string,
  what: string,
  settings: object,
  make: () => T,
): T => {
  const key = `${owner} ${what} ${JSON.stringify(settings)}`
  kept.add(key)
  return parts.registry.get(key, make)
}

interface LimitOwner {
  /** Whose it is within this process. */
  readonly owner: string
  /** Whose it is among all relays. */
  readonly name: string
  readonly onFallback: () => void
}

const limitOf = (build: Build, settings: PlannedRateLimit, { owner, name, onFallback }: LimitOwner): Limit =>
  keep(build, owner, 'rateLimit', settings, () => {
    const { timers, sharedLimit } = build.parts
    const local = new TokenBucket({ ...settings, now: timers.clock.now })
    const isShared = settings.scope === 'Global' && sharedLimit
    return isShared ? sharedLimit(name, settings, local, onFallback) : local
  })

const compileRoute = (route: PlannedRoute, build: Build): CompiledRoute => {
  const { parts } = build
  const observer = parts.observer.route(route.id)
  if (route.kind === 'broken') return { kind: 'broken', id: route.id, reason: route.reason, observer }
  const answer = compileAnswer(route)
  const { retryBudget, rateLimit } = route
  const { now } = parts.timers.clock
  const budget =
    retryBudget &&
    keep(build, route.id, 'retryBudget', retryBudget, () => new RetryBudget({ ...retryBudget, now }))
  return {
    kind: 'served',
    id: route.id,
    timeout: parts.timers.forDuration(route.requestTimeoutMs),
    timeoutMs: route.requestTimeoutMs,
    limit:
      rateLimit &&
      limitOf(build, rateLimit, {
        owner: route.id,
        name: route.id,
        onFallback: () => observer.limitFellBack(),
      }),
    idempotencyKey: route.idempotencyKey,
    maxBodyBytes: route.maxBodyBytes,
    onOversize: route.onOversize,
    legs: route.legs.map((leg, index) => compileLeg({ route, leg, index, answer, budget, build })),
    answer,
    observer,
  }
}

const compileAnswer = ({ answer }: ServedRoute): AnswerPolicy => ({
  ...answer,
  streamed: answer.body === 'Upstream' && (answer.success === 'Primary' || answer.success === 'First'),
})

interface LegInContext {
  readonly route: ServedRoute
  readonly leg: PlannedLeg
  readonly index: number
  readonly answer: AnswerPolicy
  readonly budget: RetryBudget | undefined
  readonly build: Build
}

const compileLeg = ({ route, leg, index, answer, budget, build }: LegInContext): CompiledLeg => {
  const { pools, legStates, timers, observer: observers } = build.parts
  const awaited = leg.role !== 'Shadow'
  const observer = observers.leg(route.id, leg.name, leg.role)
  build.origins.push(leg.origin)
  const state = legStates.get(route.id, leg.name, awaited)
  build.states.add(state)
  const name = `${route.id}/${leg.name}`
  // What tells the observer, and that one is bound to a role.
  const owner = `${name}/${leg.role}`
  const policies = legPolicies(leg, route, {
    clock: timers.clock,
    random: Math.random,
    timers,
    observer,
    traceFields: observers.tracing?.fields,
    budget,
    keep: (what, settings, make) => keep(build, owner, what, settings, make),
    limit: settings => limitOf(build, settings, { owner, name, onFallback: () => observer.limitFellBack() }),
  })
  const attempt = createAttempt({
    dispatcher: pools.acquire(leg.origin),
    timeout: timers.forDuration(leg.attemptTimeoutMs),
    now: timers.clock.now,
    observer,
  })
  const { legTimeoutMs } = leg
  const { requestTimeoutMs } = route
  // The route's own deadline covers an awaited leg unless the leg's is shorter.
  const ownDeadline = !awaited || requestTimeoutMs === 0 || legTimeoutMs < requestTimeoutMs
  const timeoutMs = ownDeadline ? legTimeoutMs : 0
  return {
    index,
    name: leg.name,
    role: leg.role,
    awaited,
    call: compose(
      policies.map(({ policy }) => policy),
      attempt,
    ),
    buildRequest: requestBuilder(leg, {
      relayReadsAnswer: awaited && answer.body !== 'Upstream',
      keyHeader: route.idempotencyKey?.header,
    }),
    method: leg.method,
    timeout: timers.forDuration(timeoutMs),
    timeoutMs,
    sample: leg.sample && sampler(leg.sample.percent, leg.sample.header),
    state,
    observer,
  }
}
