import type { ErrorToken } from './errors.ts'
import type { BreakerState, Role, RouteOutcome, SkipReason } from './observer.ts'

/** The counters since the start of the process, for whoever shows them without a Prometheus. */
export interface LiveFigures {
  /** All routes, and requests that no route took. */
  total(): Traffic
  /** `undefined` for a route that is not known. */
  routeFigures(id: string): RouteFigures | undefined
  legFigures(route: string, upstream: string, role: Role): LegFigures | undefined
}

export interface Traffic {
  readonly requests: number
  readonly inFlight: number
}

export interface RouteFigures extends Traffic {
  readonly byOutcome: Readonly<Record<RouteOutcome, number>>
  readonly latency: Latency
}

/** What the policies of a leg do. */
export interface PolicyFigures {
  /** `null` = it has no breaker. */
  readonly breaker: BreakerState | null
  readonly retries: number
  readonly hedges: number
  /** Tries that the leg's rate limit refused. */
  readonly rateLimited: number
  /** Tries that wait for a slot or a token now. */
  readonly queued: number
}

export interface LegFigures extends Traffic, PolicyFigures {
  readonly failures: number
  /** Tokens that occurred. */
  readonly byError: Readonly<Partial<Record<ErrorToken, number>>>
  /** Reasons that occurred. */
  readonly bySkipReason: Readonly<Partial<Record<SkipReason, number>>>
  readonly latency: Latency
}

/** Milliseconds, estimated from the histogram; `null` before the first request. */
export interface Latency {
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

/** One leg that failed. Never holds a header value, a body or a query. */
export interface FailedLeg {
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly requestId: string
  readonly route: string
  readonly upstream: string
  readonly role: Role
  /** 0 = no answer. */
  readonly status: number
  readonly error: ErrorToken | ''
  readonly detail: string
  readonly durationMs: number
  readonly attempts: number
}

/** Where routes come from, and how well the way there is. */
export interface SourceStatus {
  /** `undefined` = there are no routes yet. */
  readonly source: 'api' | 'cache' | 'files' | undefined
  readonly isConnected: boolean
  /** Lists of routes by how they ended. */
  readonly lists: Readonly<Record<string, number>>
  /** Watches that were begun anew, by the reason. */
  readonly restarts: Readonly<Record<string, number>>
  /** Changes that a list showed and no watch had brought. */
  readonly drift: number
  readonly staleSeconds: number
}

export const routeStates = ['active', 'last_good', 'broken', 'overridden'] as const
export type RouteState = (typeof routeStates)[number]

/** `partial`: some routes were refused; `rejected`: nothing of the new configuration was taken. */
export const reloadResults = ['success', 'partial', 'rejected'] as const
export type ReloadResult = (typeof reloadResults)[number]
