import type { Outcome, Policy } from '../core/call.ts'
import type { ErrorToken } from '../core/errors.ts'
import type { PolicyObserver } from '../core/observer.ts'
import type { Breaker, Ticket } from './breaker.ts'
import { isNotUpstreams, localRefusal } from './local-refusal.ts'
import { startCall } from './start-call.ts'

export interface CircuitBreakerOptions {
  readonly breaker: Breaker
  readonly observer: Pick<PolicyObserver, 'refused'>
}

/**
 * Asks the breaker at the moment of sending and tells it what came of it. A failure is a status of 500 and
 * above or a failure of the upstream's, which a caller that reads or sends too slowly is not; a success is any
 * other answer that was read to its end.
 */
export const circuitBreaker =
  ({ breaker, observer }: CircuitBreakerOptions): Policy =>
  next =>
    function circuitBreaker(request, context) {
      const ticket = breaker.admit()
      if (ticket === 0) return Promise.resolve(refuseOpen(breaker, observer))
      return startCall(next, request, context).then(
        outcome => {
          account(breaker, ticket, outcome)
          return outcome
        },
        defect => {
          breaker.cancelled(ticket)
          throw defect
        },
      )
    }

/** The outcome of a try that an open circuit refuses; counts it. */
export const refuseOpen = (breaker: Breaker, observer: CircuitBreakerOptions['observer']): Outcome => {
  observer.refused('circuit_open')
  return localRefusal({
    token: 'circuit_open',
    detail: 'circuitBreaker: too many requests to this upstream failed',
    retryAfterMs: breaker.retryAfterMs(),
  })
}

const account = (breaker: Breaker, ticket: Ticket, outcome: Outcome): void => {
  if (outcome.kind === 'failure') settle(breaker, ticket, outcome.error.token, outcome.error.stalled === true)
  else if (outcome.response.status >= 500) breaker.failed(ticket)
  else if (breaker.isProbe(ticket)) breaker.succeeded(ticket)
  else outcome.response.onEnd((error, stalled) => settle(breaker, ticket, error, stalled))
}

const settle = (breaker: Breaker, ticket: Ticket, error: ErrorToken | '', stalled: boolean): void => {
  if (error === '') breaker.succeeded(ticket)
  else if (stalled || isNotUpstreams(error)) breaker.cancelled(ticket)
  else breaker.failed(ticket)
}
