import type { Outcome } from '../core/call.ts'
import type { ErrorToken } from '../core/errors.ts'

export type RetryOn = 'ConnectFailure' | 'Reset' | 'Timeout'

export interface RetryableOptions {
  /** Statuses worth another try. */
  readonly codes: readonly number[]
  /** Kinds of failure worth another try. */
  readonly on: readonly RetryOn[]
}

const tokensOf: Readonly<Record<RetryOn, readonly ErrorToken[]>> = {
  ConnectFailure: ['dns_error', 'connection_refused', 'connection_timeout'],
  Reset: ['connection_terminated'],
  Timeout: ['http_response_timeout', 'connection_timeout'],
}

/**
 * Tells outcomes that another try may mend from those it cannot: a bad certificate, a refusal of the relay's
 * own, a deadline, a leg that was stopped and an answer cut short after its head stay as they are.
 */
export const retryable = ({ codes, on }: RetryableOptions): ((outcome: Outcome) => boolean) => {
  const statuses = new Set(codes)
  const tokens = new Set(on.flatMap(kind => tokensOf[kind]))
  return outcome =>
    outcome.kind === 'response' ? statuses.has(outcome.response.status) : tokens.has(outcome.error.token)
}
