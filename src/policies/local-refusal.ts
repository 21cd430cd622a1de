import type { Outcome } from '../core/call.ts'
import type { ErrorToken } from '../core/errors.ts'

/** Tokens of refusals that a policy makes itself. */
export type RefusalToken = 'circuit_open' | 'rate_limited' | 'connection_limit_reached'

export interface Refusal {
  readonly token: RefusalToken
  /** For logs: which field of the route brought it about. */
  readonly detail: string
  /** When another try may succeed; 0 = nobody knows. */
  readonly retryAfterMs: number
}

/** Nobody knows when there is room again; this keeps callers from coming back at once. */
export const fullRetryAfterMs = 1000

/** A try that ends before anything of it was sent. */
export const localRefusal = ({ token, detail, retryAfterMs }: Refusal): Outcome => ({
  kind: 'failure',
  error: { token, detail, unsent: true, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) },
})

/** Failures that tell nothing about the upstream: the caller left, or the relay refused, had no room or broke. */
export const isNotUpstreams = (token: ErrorToken): boolean =>
  token === 'client_cancelled' ||
  token === 'circuit_open' ||
  token === 'rate_limited' ||
  token === 'connection_limit_reached' ||
  token === 'body_too_large' ||
  token === 'relay_internal'
