import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../core/clock.ts'
import type { Observer } from '../core/observer.ts'
import type { TimerList } from '../core/timer-list.ts'
import type { Budget } from './budget.ts'
import type { RememberedAnswers } from './idempotency/answers.ts'

/** What every exchange needs of its process. */
export interface RelayParts {
  readonly clock: Clock
  readonly observer: Observer
  readonly budget: Budget
  readonly pseudonym: string
  /** To requests with an idempotency key, for when they come again. */
  readonly answers: RememberedAnswers
  /** Ends uploads of which nothing comes any more. */
  readonly stalled: TimerList
  /** True once the process has been told to stop: answers then end their connections. */
  readonly draining: () => boolean
}

/** A request as it came in. */
export interface Arrival {
  readonly parts: RelayParts
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly expectsContinue: boolean
  /** When its head had been read: deadlines count from here. */
  readonly startedAt: number
}
