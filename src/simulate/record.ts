import type { ErrorToken } from '../core/errors.ts'
import type { BreakerState, LegSummary, Role, RouteOutcome } from '../core/observer.ts'

/** One request of a simulation. Instants are milliseconds since it was sent; legs may still be under way. */
export interface RequestRecord {
  /** From 1. */
  readonly number: number
  /** Instant of `performance.now()` at which it was sent. */
  readonly startedAt: number
  readonly tries: TryRecord[]
  answer: CallerAnswer | undefined
}

/** `hedge`: started beside a try that was slow. */
export type TryKind = 'first' | 'retry' | 'hedge'

/** One try of a leg, whether something was sent for it or a policy refused it. */
export interface TryRecord {
  readonly leg: string
  readonly role: Role
  /** Among the tries of its leg, from 1. */
  readonly number: number
  readonly kind: TryKind
  readonly startMs: number
  /** It waited for a slot or a token. */
  queued: boolean
  /** When it reached the leg, if it did. */
  arrivedMs: number | undefined
  /** `undefined` = it had not ended when the simulation did. */
  endMs: number | undefined
  /** 0 = no answer. */
  status: number
  error: ErrorToken | ''
}

/** What the caller of the relay got. */
export interface CallerAnswer {
  readonly atMs: number
  /** 0 = none. */
  readonly status: number
  /** `X-FanOut-Status`, and `rejected` for an answer that has none. */
  readonly outcome: Exclude<RouteOutcome, 'unmatched' | 'cancelled'>
  /** False when the connection was cut before its end. */
  readonly complete: boolean
  readonly headers: readonly string[]
  /** At most 64 KiB of it. */
  readonly body: string
}

/** What became of all requests at one leg. */
export interface LegTally {
  readonly name: string
  readonly role: LegSummary['role']
  /** Requests of callers that the leg was given: its first tries. */
  offered: number
  /** Requests that were sent: retries and hedges are among them. */
  sent: number
  /** Tries by status, or by token where there is none. */
  readonly results: Record<string, number>
  retries: number
  hedges: number
  /** Retries and hedges left out because the route's budget was spent. */
  budgetRefused: number
  rateLimited: number
  /** Tries that waited for a slot or a token. */
  queued: number
  /** Copies that were not sent, by reason. */
  readonly skipped: Record<string, number>
  /** The first transitions of its breaker, at most `maxTransitions`. */
  readonly transitions: Transition[]
  /** All of them. */
  transitionCount: number
}

export interface Transition {
  readonly state: BreakerState
  /** Since the simulation began. */
  readonly atMs: number
}

export const maxTransitions = 20
