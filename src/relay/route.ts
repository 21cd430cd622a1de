import type { Call } from '../core/call.ts'
import type { Limit } from '../core/limit.ts'
import type { LegObserver, Role, RouteObserver } from '../core/observer.ts'
import type { TimerList } from '../core/timer-list.ts'
import type { PlannedIdempotencyKey, PlannedMatch } from '../plan/types.ts'
import type { RequestBuilder } from './leg-request.ts'
import type { LegState } from './leg-states.ts'
import type { Sample } from './sample.ts'

/** A planned route with everything bound that a request needs; immutable. */
export type CompiledRoute = ServingRoute | RefusingRoute

export interface RefusingRoute {
  readonly kind: 'broken'
  readonly id: string
  readonly reason: string
  readonly observer: RouteObserver
}

export interface ServingRoute {
  readonly kind: 'served'
  readonly id: string
  /** Bounds the whole from the arrival of the head; `undefined` = off. */
  readonly timeout: TimerList | undefined
  /** The same as a number; 0 = off. */
  readonly timeoutMs: number
  /** Of requests that come in; `undefined` = none. */
  readonly limit: Limit | undefined
  readonly idempotencyKey: PlannedIdempotencyKey | undefined
  readonly maxBodyBytes: number
  readonly onOversize: 'Reject' | 'StreamPrimary' | 'StreamAll'
  readonly legs: readonly CompiledLeg[]
  readonly answer: AnswerPolicy
  readonly observer: RouteObserver
}

export interface CompiledLeg {
  readonly index: number
  readonly name: string
  readonly role: Role
  /** Required and Optional legs: somebody waits for them. */
  readonly awaited: boolean
  /** The leg's policies around one attempt. */
  readonly call: Call
  readonly buildRequest: RequestBuilder
  /** In place of the caller's. */
  readonly method: string | undefined
  /** Shadows have their own deadline; awaited legs one only where it is shorter than the route's. */
  readonly timeout: TimerList | undefined
  /** The same as a number; 0 = none of its own. */
  readonly timeoutMs: number
  readonly sample: Sample | undefined
  readonly state: LegState
  readonly observer: LegObserver
}

export interface AnswerPolicy {
  readonly success: 'All' | 'Any' | 'Quorum' | 'First' | 'Primary'
  readonly quorum: number
  /** Index of the leg named by `response.from`, or -1. */
  readonly from: number
  readonly body: 'Envelope' | 'Upstream' | 'Merge'
  readonly statuses: { readonly success: number; readonly partial: number; readonly failed: number }
  /** Under Primary and First with an upstream body, bytes go to the caller as they come. */
  readonly streamed: boolean
}

/** Where a request landed. */
export interface RouteMatch {
  readonly route: CompiledRoute
  readonly match: PlannedMatch
}
