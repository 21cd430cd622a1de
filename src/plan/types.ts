import type { Problem } from '../api/problem.ts'

/** What `planRoutes` makes of a snapshot: frozen plain data that can be printed, compared and checked in. */
export interface RelayPlan {
  /** Changes whenever the plan does: a hash of its content. */
  readonly revision: string
  /** Valid and broken routes, in order of `id`. */
  readonly routes: readonly PlannedRoute[]
}

export type PlannedRoute = ServedRoute | BrokenRoute

interface RouteIdentity {
  /** `namespace/name` */
  readonly id: string
  readonly generation: number | undefined
  /** Milliseconds since the epoch; `undefined` for routes from files. Older routes win ties. */
  readonly createdAt: number | undefined
  /** Lower case; `*.shop.local` is a wildcard. Empty = any host. */
  readonly hostnames: readonly string[]
  readonly matches: readonly PlannedMatch[]
}

/** What `planRoutes` returns. */
export interface PlanResult {
  readonly plan: RelayPlan
  /** The snapshot's own first, then those of each route in order of `id`. */
  readonly problems: readonly Problem[]
  /** Ids of routes that are served as they were before: invalid now, or in a file that cannot be read. */
  readonly lastGood: readonly string[]
  /** Routes that no request reaches, and the one that takes their requests. */
  readonly overridden: readonly { readonly id: string; readonly by: string }[]
}

/** A route whose requests are answered 503: it is invalid and has no last good version. */
export interface BrokenRoute extends RouteIdentity {
  readonly kind: 'broken'
  /** For the problem document: first error, without file names. */
  readonly reason: string
}

export interface ServedRoute extends RouteIdentity {
  readonly kind: 'served'
  /** Whole fan-out; 0 = off. */
  readonly requestTimeoutMs: number
  readonly maxBodyBytes: number
  readonly onOversize: 'Reject' | 'StreamPrimary' | 'StreamAll'
  readonly rateLimit: PlannedRateLimit | undefined
  /** `undefined` when no leg retries or hedges. */
  readonly retryBudget: PlannedRetryBudget | undefined
  readonly idempotencyKey: PlannedIdempotencyKey | undefined
  readonly legs: readonly PlannedLeg[]
  readonly answer: PlannedAnswer
  /** Field paths that its author wrote, for `explain`; what is not among them is a default. */
  readonly written?: readonly string[]
}

export interface PlannedMatch {
  /** Upper case; `undefined` = any. */
  readonly method: string | undefined
  readonly path: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string }
  /** Names in lower case. */
  readonly headers: readonly ValueMatch[]
  readonly query: readonly ValueMatch[]
}

export interface ValueMatch {
  readonly type: 'Exact' | 'RegularExpression'
  readonly name: string
  readonly value: string
}

export interface PlannedLeg {
  readonly name: string
  readonly role: 'Required' | 'Optional' | 'Shadow'
  /** `http://inventory.shop.svc:8080`: scheme, host and port, nothing else. */
  readonly origin: string
  /** Host header to send; `undefined` = that of the origin. */
  readonly host: string | undefined
  readonly method: string | undefined
  readonly path: PlannedPath
  readonly headers: PlannedHeaders | undefined
  /** One attempt; 0 = off. */
  readonly attemptTimeoutMs: number
  /** The leg with all its attempts; 0 = off. */
  readonly legTimeoutMs: number
  /** Shadows only: share of requests in whole percent, and the header that decides. */
  readonly sample: { readonly percent: number; readonly header: string | undefined } | undefined
  /** `undefined` = no retries: none was asked for, or `attempts` is 0. */
  readonly retry: PlannedRetry | undefined
  readonly circuitBreaker: PlannedBreaker | undefined
  readonly rateLimit: PlannedLegRateLimit | undefined
  readonly concurrency: PlannedConcurrency | undefined
  readonly hedge: PlannedHedge | undefined
}

export type RetryTrigger = 'ConnectFailure' | 'Reset' | 'Timeout'

export interface PlannedRetry {
  /** Beyond the first try; at least 1. */
  readonly attempts: number
  readonly backoffMs: number
  readonly maxBackoffMs: number
  readonly codes: readonly number[]
  readonly on: readonly RetryTrigger[]
  readonly retryAfterMaxMs: number
  readonly nonIdempotent: boolean
}

/** In any second at most `percent` of the requests to all legs, and `minPerSecond` more, are retries or hedges. */
export interface PlannedRetryBudget {
  readonly percent: number
  readonly minPerSecond: number
}

export interface PlannedBreaker {
  /** 0 = this many in a row do not open it. */
  readonly consecutiveFailures: number
  /** 0 = no share of failures opens it. */
  readonly failurePercent: number
  readonly minimumRequests: number
  readonly windowMs: number
  readonly openMs: number
  readonly halfOpenRequests: number
}

export interface PlannedRateLimit {
  readonly requests: number
  readonly intervalMs: number
  readonly burst: number
  readonly scope: 'Local' | 'Global'
}

export interface PlannedLegRateLimit extends PlannedRateLimit {
  readonly onLimit: 'Fail' | 'Wait'
}

export interface PlannedConcurrency {
  readonly maxParallelRequests: number
  readonly maxPendingRequests: number
}

export interface PlannedHedge {
  readonly delayMs: number
  /** Attempts at once, the first included; at least 2. */
  readonly maxParallel: number
}

export interface PlannedIdempotencyKey {
  /** As its author spells it. */
  readonly header: string
  /** Make a key for requests that bring none. */
  readonly generate: boolean
  readonly ttlMs: number
}

export type PlannedPath =
  | { readonly kind: 'keep' }
  /** `query` is that of the configured URL, with its `?`, or empty; the caller's is appended. */
  | { readonly kind: 'full'; readonly path: string; readonly query: string }
  | { readonly kind: 'prefix'; readonly replacement: string }

/** Names keep the author's spelling; `remove` is in lower case. */
export interface PlannedHeaders {
  readonly set: readonly (readonly [name: string, value: string])[]
  readonly add: readonly (readonly [name: string, value: string])[]
  readonly remove: readonly string[]
}

export interface PlannedAnswer {
  readonly success: 'All' | 'Any' | 'Quorum' | 'First' | 'Primary'
  /** Successes needed under Quorum, otherwise 0. */
  readonly quorum: number
  /** Index in `legs`, or -1. */
  readonly from: number
  readonly body: 'Envelope' | 'Upstream' | 'Merge'
  readonly statuses: { readonly success: number; readonly partial: number; readonly failed: number }
}
