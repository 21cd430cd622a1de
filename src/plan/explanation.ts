import type { PlannedLeg, PlannedRetryBudget } from './types.ts'

/** A request as somebody would describe it. */
export interface ExplainRequest {
  readonly method: string
  /** May carry a query. */
  readonly path: string
  readonly host?: string | undefined
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

/** What the relay would do with a request, and why. Plain data. */
export interface Explanation {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly query: string
    readonly host: string
  }
  /** What becomes of a request that never gets as far as the routes: `refused with 400 before …`. */
  readonly refused: string | undefined
  readonly winner: ExplainedWinner | undefined
  /** Other matches that would have taken it, in the order in which they would have been tried. */
  readonly losers: readonly ExplainedLoser[]
  /** When nothing matches: the routes that miss least, and what they miss. */
  readonly nearest: readonly ExplainedNear[]
}

export interface ExplainedMatch {
  readonly route: string
  /** `spec.matches[0]` */
  readonly field: string
  /** `POST PathPrefix /orders, header x-tenant = acme` */
  readonly match: string
  /** `undefined` = any. */
  readonly hostname: string | undefined
}

export interface ExplainedWinner extends ExplainedMatch {
  /** The rule that put it before the next one, or that there is no other. */
  readonly because: string
  /** `undefined` for a route that is broken. */
  readonly served: ExplainedRoute | undefined
  /** Why a broken route answers 503. */
  readonly broken: string | undefined
}

export interface ExplainedLoser extends ExplainedMatch {
  /** The rule by which it comes after the winner. */
  readonly lostBy: string
}

export interface ExplainedNear extends ExplainedMatch {
  /** `method is GET, wanted POST` */
  readonly missed: readonly string[]
}

export interface ExplainedRoute {
  readonly settings: readonly Setting[]
  readonly legs: readonly ExplainedLeg[]
  /** Requests sent upstream for this one: they differ when shadows are sampled, and by retries and hedges. */
  readonly upstreamRequests: { readonly least: number; readonly most: number }
  /** What bounds retries and hedges in the long run; `undefined` = there are none. */
  readonly retryBudget: PlannedRetryBudget | undefined
  /** Longest time until the answer; `undefined` = nothing bounds it. */
  readonly worstCaseMs: number | undefined
}

export interface ExplainedLeg {
  readonly name: string
  readonly role: PlannedLeg['role']
  readonly method: string
  readonly url: string
  readonly settings: readonly Setting[]
}

/** An effective value and where it comes from: a field path, or `default`. */
export interface Setting {
  readonly name: string
  readonly value: string
  readonly from: string
}

/** The first of the fields that the author wrote, from most to least specific. */
export type Provenance = (...fields: readonly string[]) => string
