import type { Outcome, Policy } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import type { Limit } from '../core/limit.ts'
import type { PolicyObserver } from '../core/observer.ts'
import { localRefusal } from './local-refusal.ts'
import { mayResendUnsent } from './replayable.ts'
import { TokenLine } from './token-line.ts'
import { type Waiting, WaitingTry } from './waiting-try.ts'

export interface RateLimitOptions {
  readonly limit: Limit
  /** `Fail` refuses at once; `Wait` waits for a token as long as the leg's deadline allows. */
  readonly onLimit: 'Fail' | 'Wait'
  readonly clock: Clock
  readonly observer: Pick<PolicyObserver, 'queued' | 'refused' | 'rateLimited'>
}

/**
 * Sends what the limit has a token for. A limit that answers at once costs no promise. How many wait is
 * bounded by what the leg may have in flight.
 */
export const rateLimit =
  ({ limit, onLimit, clock, observer }: RateLimitOptions): Policy =>
  next => {
    const line = new TokenLine(limit, clock)
    const waiting: Waiting = { send: next, leave: waiter => line.leave(waiter), observer }

    const refuse = (retryAfterMs: number): Outcome => {
      observer.rateLimited()
      observer.refused('rate_limited')
      return localRefusal({ token: 'rate_limited', detail: 'rateLimit: no token in time', retryAfterMs })
    }

    const answered = (attempt: WaitingTry, waitMs: number): void => {
      if (attempt.isOver) {
        if (waitMs >= 0) limit.giveBack()
      } else if (waitMs < 0) attempt.conclude(refuse(-waitMs))
      else if (waitMs === 0) attempt.go()
      else line.join(attempt, waitMs)
    }

    return function rateLimit(request, context) {
      // A body that is coming in cannot wait: it would hold up its other readers.
      const mayWait = onLimit === 'Wait' && mayResendUnsent(request)
      const maxWaitMs = mayWait ? Math.max(0, context.deadline - clock.now()) : 0
      const waitMs = limit.reserve(maxWaitMs)
      if (waitMs === 0) return next(request, context)
      if (typeof waitMs === 'number' && waitMs < 0) return Promise.resolve(refuse(-waitMs))
      return new Promise(settle => {
        const attempt = new WaitingTry(waiting, request, context, settle)
        if (typeof waitMs === 'number') return line.join(attempt, waitMs)
        waitMs.then(
          answer => answered(attempt, answer),
          defect => {
            if (!attempt.isOver) attempt.conclude(Promise.reject(defect))
          },
        )
      })
    }
  }
