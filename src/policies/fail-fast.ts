import type { Policy } from '../core/call.ts'
import { type CircuitBreakerOptions, refuseOpen } from './circuit-breaker.ts'

/**
 * Refuses at once while the circuit is open, before a token is spent or a slot is waited for. It admits
 * nobody: `circuitBreaker` does, where the request is sent.
 */
export const failFast =
  ({ breaker, observer }: CircuitBreakerOptions): Policy =>
  next =>
    function failFast(request, context) {
      if (breaker.refuses()) return Promise.resolve(refuseOpen(breaker, observer))
      return next(request, context)
    }
