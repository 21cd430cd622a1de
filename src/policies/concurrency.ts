import type { Call, Outcome, Policy } from '../core/call.ts'
import type { PolicyObserver } from '../core/observer.ts'
import { fullRetryAfterMs, localRefusal } from './local-refusal.ts'
import { mayResendUnsent } from './replayable.ts'
import type { Semaphore } from './semaphore.ts'
import { startCall } from './start-call.ts'
import { type Waiting, WaitingTry } from './waiting-try.ts'

export interface ConcurrencyOptions {
  readonly semaphore: Semaphore
  readonly observer: Pick<PolicyObserver, 'queued' | 'refused'>
}

/** Holds a slot from sending until the answer has been read to its end or was cut. */
export const concurrency =
  ({ semaphore, observer }: ConcurrencyOptions): Policy =>
  next => {
    const release = (): void => semaphore.release()

    const releaseAtEnd = (outcome: Outcome): Outcome => {
      if (outcome.kind === 'failure') release()
      else outcome.response.onEnd(release)
      return outcome
    }

    const releaseOnDefect = (defect: unknown): never => {
      release()
      throw defect
    }

    /** With a slot in hand. */
    const send: Call = (request, context) =>
      startCall(next, request, context).then(releaseAtEnd, releaseOnDefect)

    const waiting: Waiting = { send, leave: waiter => semaphore.leave(waiter), observer }

    return function concurrency(request, context) {
      if (semaphore.tryAcquire()) return send(request, context)
      // A body that is coming in would hold up its other readers meanwhile.
      if (semaphore.isQueueFull || !mayResendUnsent(request)) return Promise.resolve(refuse(observer))
      return new Promise(settle => {
        const attempt = new WaitingTry(waiting, request, context, settle)
        semaphore.enqueue(attempt)
        attempt.count()
      })
    }
  }

const refuse = (observer: ConcurrencyOptions['observer']): Outcome => {
  observer.refused('connection_limit_reached')
  return localRefusal({
    token: 'connection_limit_reached',
    detail: 'concurrency: maxParallelRequests are under way and maxPendingRequests wait',
    retryAfterMs: fullRetryAfterMs,
  })
}
