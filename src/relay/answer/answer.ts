import type { UpstreamResponse } from '../../core/call.ts'
import type { Leg } from '../leg.ts'

/** How the legs' results become the caller's answer. */
export interface Answer {
  /** An awaited leg has the head of its response. */
  responded(leg: Leg, response: UpstreamResponse): void
  /** An awaited leg is done, one way or another. */
  ended(leg: Leg): void
  /** The caller left; whatever streams to it must go on without. */
  callerLeft(): void
}
