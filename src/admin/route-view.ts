import type { Problem } from '../api/problem.ts'
import type { LiveFigures, RouteFigures, RouteState } from '../core/figures.ts'
import type {
  PlannedAnswer,
  PlannedLeg,
  PlannedMatch,
  PlannedRoute,
  PlanResult,
  ServedRoute,
} from '../plan/types.ts'
import { redactMatch } from './redact.ts'
import { routeStatesOf } from './route-state.ts'

/** One route with what it is, what is wrong with it and what goes through it. */
export interface RouteView {
  readonly id: string
  readonly state: RouteState
  /** Of a route whose state is overridden, or would be: who takes its requests. */
  readonly overriddenBy?: string
  readonly generation?: number
  readonly hostnames: readonly string[]
  readonly matches: readonly PlannedMatch[]
  /** Empty for a broken route. */
  readonly legs: readonly LegView[]
  readonly answer?: PlannedAnswer
  /** 0 = off. */
  readonly timeouts?: { readonly requestMs: number }
  /** In effect, defaults included; one that is absent is off. */
  readonly policies?: RoutePolicies
  readonly problems: readonly Problem[]
  /** Since the start of the process; `null` before the route's first table. */
  readonly figures: RouteFigures | null
}

export interface LegView {
  readonly name: string
  readonly role: PlannedLeg['role']
  readonly target: string
  /** 0 = off. */
  readonly timeouts: { readonly requestMs: number; readonly backendRequestMs: number }
  /** In effect: what the leg says, else its route, else the defaults; one that is absent is off. */
  readonly policies: LegPolicies
}

type RoutePolicies = Pick<ServedRoute, 'rateLimit' | 'retryBudget' | 'idempotencyKey'>
type LegPolicies = Pick<PlannedLeg, 'retry' | 'circuitBreaker' | 'rateLimit' | 'concurrency' | 'hedge'>

export function routeViews(result: PlanResult | undefined, figures: LiveFigures): readonly RouteView[] {
  if (!result) return []
  const states = routeStatesOf(result)
  const overriddenBy = new Map(result.overridden.map(({ id, by }) => [id, by]))
  const problems = Map.groupBy(result.problems, ({ route }) => route)
  return result.plan.routes.map(route => {
    const { id, generation, hostnames, matches } = route
    const by = overriddenBy.get(id)
    return {
      id,
      state: states.get(id)!,
      ...(by === undefined ? {} : { overriddenBy: by }),
      ...(generation === undefined ? {} : { generation }),
      hostnames,
      matches: matches.map(redactMatch),
      ...served(route),
      problems: problems.get(id) ?? [],
      figures: figures.routeFigures(id) ?? null,
    }
  })
}

const served = (route: PlannedRoute): Pick<RouteView, 'legs' | 'answer' | 'timeouts' | 'policies'> =>
  route.kind === 'broken'
    ? { legs: [] }
    : {
        legs: route.legs.map(legView),
        answer: route.answer,
        timeouts: { requestMs: route.requestTimeoutMs },
        policies: routePolicies(route),
      }

const routePolicies = ({ rateLimit, retryBudget, idempotencyKey }: ServedRoute): RoutePolicies => ({
  rateLimit,
  retryBudget,
  idempotencyKey,
})

const legView = (leg: PlannedLeg): LegView => ({
  name: leg.name,
  role: leg.role,
  target: targetOf(leg),
  timeouts: { requestMs: leg.legTimeoutMs, backendRequestMs: leg.attemptTimeoutMs },
  policies: legPolicies(leg),
})

const legPolicies = ({ retry, circuitBreaker, rateLimit, concurrency, hedge }: PlannedLeg): LegPolicies => ({
  retry,
  circuitBreaker,
  rateLimit,
  concurrency,
  hedge,
})

/** Where a leg goes, without its query: `http://inventory.shop.svc:8080/inventory/deduct`. */
export const targetOf = ({ origin, path }: PlannedLeg): string =>
  path.kind === 'full' ? origin + path.path : origin
