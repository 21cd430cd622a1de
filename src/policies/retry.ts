import type { Call, CallContext, HeaderList, LegRequest, Outcome, Policy } from '../core/call.ts'
import { type Clock, longestTimerMs } from '../core/clock.ts'
import type { RelayError } from '../core/errors.ts'
import type { PolicyObserver } from '../core/observer.ts'
import { type BackoffOptions, fullJitterMs } from './backoff.ts'
import { drain } from './drain.ts'
import { mayResend, mayResendUnsent, type ReplayOptions } from './replayable.ts'
import { retryAfterMs } from './retry-after.ts'
import type { RetryBudget } from './retry-budget.ts'
import { RetryPause } from './retry-pause.ts'
import { type RetryableOptions, retryable } from './retryable.ts'

export interface RetryOptions extends RetryableOptions, BackoffOptions, ReplayOptions {
  /** Tries beyond the first. */
  readonly attempts: number
  /** Most that a `Retry-After` can ask for. */
  readonly retryAfterMaxMs: number
  /** That of the route: counts each first try, pays for each retry. */
  readonly budget: RetryBudget
  /** True while a try would be refused without being sent: what failed then stays as it is. */
  readonly refuses?: () => boolean
  readonly clock: Clock
  /** Milliseconds since the epoch: `Retry-After` may name a date. */
  readonly wallClock: () => number
  readonly observer: Pick<PolicyObserver, 'retried' | 'retriesExhausted' | 'budgetSpent'>
}

/**
 * Sends a request again after a failure that may pass, as long as the request can be repeated, `attempts` are
 * left, the circuit is closed, the wait ends before the deadline and the budget pays; otherwise the last outcome
 * is returned as it is. An answer that is not returned is drained before the wait. A leg that is stopped during
 * a wait fails at once.
 *
 * `retriesExhausted` is reported when all `attempts` were made and the last of them ended in a way that would
 * have been retried; where the budget refuses, `budgetSpent` is reported and nothing else.
 */
export const retry = (options: RetryOptions): Policy => {
  const { budget } = options
  const mayPass = retryable(options)
  return function retryPolicy(next) {
    const sendAgain = resender(options, mayPass, next)
    return function callWithRetries(request, context) {
      budget.request()
      return next(request, context).then(outcome =>
        mayPass(outcome) ? sendAgain(request, context, outcome) : outcome,
      )
    }
  }
}

type Resend = (request: LegRequest, context: CallContext, first: Outcome) => Promise<Outcome>

const resender = (options: RetryOptions, mayPass: (outcome: Outcome) => boolean, next: Call): Resend => {
  const { attempts, budget, clock, observer } = options
  return async function sendAgain(request, context, first) {
    let outcome = first
    for (let retries = 1; mayPass(outcome) && mayRepeat(request, outcome, options); retries++) {
      if (context.cancelled) return stopped(outcome, context.cancelled)
      if (retries > attempts) {
        observer.retriesExhausted()
        break
      }
      const waitMs = waitBefore(retries, outcome, options)
      if (clock.now() + waitMs >= context.deadline || options.refuses?.()) break
      if (!budget.spend()) {
        observer.budgetSpent()
        break
      }
      if (outcome.kind === 'response') drain(outcome.response, clock)
      const pause = new RetryPause(clock, waitMs)
      context.running = pause
      await pause.over
      context.running = undefined
      if (pause.cancelled) return { kind: 'failure', error: pause.cancelled }
      observer.retried(outcome.kind === 'response' ? 'http_status' : outcome.error.token)
      outcome = await next(request, context)
    }
    return outcome
  }
}

/** An answer that has arrived whole outlasts the deadline; any other was cut by what stopped the leg. */
const stopped = (outcome: Outcome, error: RelayError): Outcome =>
  outcome.kind === 'response' ? outcome : { kind: 'failure', error }

const mayRepeat = (request: LegRequest, outcome: Outcome, options: ReplayOptions): boolean =>
  outcome.kind === 'failure' && outcome.error.unsent ? mayResendUnsent(request) : mayResend(request, options)

const waitBefore = (retry: number, outcome: Outcome, options: RetryOptions): number => {
  const asked = outcome.kind === 'response' ? askedWait(outcome.response.headers, options) : 0
  return Math.min(Math.max(fullJitterMs(retry, options), asked), longestTimerMs)
}

const askedWait = (headers: HeaderList, { retryAfterMaxMs, wallClock }: RetryOptions): number =>
  Math.min(retryAfterMs(field(headers, 'retry-after'), wallClock()) ?? 0, retryAfterMaxMs)

/** The first line of that name. */
const field = (headers: HeaderList, name: string): string | undefined => {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() === name) return headers[i + 1]
  return undefined
}
