import type { ErrorToken } from './errors.ts'

export type Role = 'Required' | 'Optional' | 'Shadow'
/** `cancelled`: the caller left, or did not read, before its answer was out. */
export type RouteOutcome = 'success' | 'partial' | 'failed' | 'cancelled' | 'rejected' | 'unmatched'
export type LegOutcome = 'success' | 'failure' | 'skipped' | 'cancelled' | 'pending'

/** Why a copy was not sent, or not to its end. */
export const skipReasons = ['oversize', 'lag', 'limit', 'memory'] as const
export type SkipReason = (typeof skipReasons)[number]

/**
 * What the data path tells about itself. Only `telemetry/` knows Prometheus, pino and OpenTelemetry.
 * Handles are bound when a table is built, so that a request formats no label.
 */
export interface Observer {
  /** The same id yields the same series after a reload. */
  route(id: string): RouteObserver
  leg(route: string, upstream: string, role: Role): LegObserver
  /** Requests that no route took. */
  readonly unmatched: RouteObserver
  /** Absent when access lines are off. */
  readonly accessLog?: AccessLog
  /** Absent when no OpenTelemetry SDK is loaded. */
  readonly tracing?: Tracing
  /** A defect of the relay: counted and logged with its stack. */
  defect(error: unknown, requestId: string): void
  /** Every leg that failed, with the request it belonged to; late ones and shadows as well. */
  failed?(requestId: string, route: string, leg: LegSummary): void
}

export const breakerStates = ['closed', 'open', 'half_open'] as const
export type BreakerState = (typeof breakerStates)[number]

/**
 * What became of a request with an idempotency key. `stored`: its answer is remembered; `replayed`: answered
 * from memory; `in_flight`: 409; `mismatch`: 422; `unstored`: its answer was a failure or too large;
 * `evicted`: an answer was forgotten before its time, for want of room.
 */
export const idempotencyResults = [
  'stored',
  'replayed',
  'in_flight',
  'mismatch',
  'unstored',
  'evicted',
] as const
export type IdempotencyResult = (typeof idempotencyResults)[number]

export interface RouteObserver {
  started(): void
  /** `status` 0 = the client left before an answer. */
  ended(method: string, status: number, outcome: RouteOutcome, durationMs: number): void
  /** The route's own rate limit refused a request. */
  rateLimited(): void
  /** The route's shared limit could not ask its store and counted by itself. */
  limitFellBack(): void
  idempotency(result: IdempotencyResult): void
}

export interface LegObserver extends PolicyObserver {
  started(): void
  /** `status` 0 = no answer. `error` '' = success. */
  ended(status: number, error: ErrorToken | '', durationMs: number): void
  /** The upstream had closed an idle connection when a request was put on it, which was sent again on another. */
  staleConnection(): void
  skipped(reason: SkipReason): void
}

/** What a leg's policies tell about themselves. */
export interface PolicyObserver {
  /** A try that nothing was sent for: refused by a policy, or given up while it waited. Counts as one that ended. */
  refused(error: ErrorToken): void
  /** An attempt ended with this, and the request is sent again. */
  retried(error: ErrorToken): void
  /** The last attempt that `retry` allows failed like those before it. */
  retriesExhausted(): void
  /** A retry or hedge was left out: the route's budget is spent. */
  budgetSpent(): void
  /** Another attempt was started beside one that is slow. */
  hedged(): void
  /** The leg's rate limit refused a try. */
  rateLimited(): void
  /** Tries that wait for a slot or a token: one more, or one less. */
  queued(change: 1 | -1): void
  /** The breaker's state now; the same state again is no transition. */
  breaker(state: BreakerState): void
  /** A shared limit could not ask its store and counted by itself. */
  limitFellBack(): void
}

/** One finished request. Built only when something is going to be written. */
export interface ExchangeSummary {
  readonly requestId: string
  readonly route: string
  readonly method: string
  /** Without the query: queries carry secrets. */
  readonly path: string
  readonly status: number
  readonly outcome: RouteOutcome
  /** Of the refusal, where there was one; listed in docs/errors.md. */
  readonly code?: string | undefined
  readonly durationMs: number
  readonly traceparent: string | undefined
  /** Answered from memory: the same idempotency key had been answered before. */
  readonly replayed?: boolean
  readonly legs: readonly LegSummary[]
}

export interface LegSummary {
  readonly name: string
  readonly role: Role
  readonly outcome: LegOutcome
  readonly status: number
  readonly error: ErrorToken | ''
  /** What happened, in words, for the operator. */
  readonly detail: string
  readonly durationMs: number
  readonly attempts: number
}

export interface AccessLog {
  /** True when this outcome is to be written: summaries are built for nothing else. */
  wants(outcome: RouteOutcome): boolean
  exchange(summary: ExchangeSummary): void
  /** A leg that ended after the answer had gone out. */
  lateLeg(requestId: string, route: string, leg: LegSummary): void
  wantsLeg(outcome: LegOutcome): boolean
}

/** One SERVER span a request and one CLIENT span an attempt, when an SDK is loaded. */
export interface Tracing {
  /**
   * Lower-case names of the headers that carry the trace: the caller's are not sent on, those of `LegSpan` are.
   * Empty when the SDK propagates nothing.
   */
  readonly fields: readonly string[]
  /**
   * `headers` are the caller's: traceparent and tracestate are read from them. `route` '' = unmatched.
   * `path` without the query: queries carry secrets.
   */
  request(method: string, route: string, headers: readonly string[], path?: string): RequestSpan
}

export interface RequestSpan {
  /** Of the SERVER span, for the access line. */
  readonly traceparent: string
  /** Starts the CLIENT span of one attempt. */
  attempt(attempt: AttemptStart): LegSpan
  /** Legs may go on after it. Ending twice does nothing. */
  end(status: number, outcome: RouteOutcome, details?: RequestDetails): void
}

/** What a span tells of a request that a route took. */
export interface RequestDetails {
  /** `response.success` of the route. */
  readonly strategy: string
  /** Answered from memory. */
  readonly replayed: boolean
}

export interface AttemptStart {
  readonly upstream: string
  readonly role: Role
  readonly method: string
  /** From 1. */
  readonly number: number
  readonly server?: ServerAddress
}

/** Where an attempt goes. */
export interface ServerAddress {
  readonly address: string
  readonly port: number
}

export interface LegSpan {
  /** The header pairs that put this attempt's span into the upstream's trace. */
  readonly headers: readonly string[]
  /** Ending twice does nothing. */
  end(status: number, error: ErrorToken | ''): void
}
