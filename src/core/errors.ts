/**
 * The one vocabulary for failures: envelope, metrics, logs, spans, status and docs all use these tokens.
 * The first nine are proxy error types of RFC 9209 §2.3; the others are ours.
 */
export const errorTokens = [
  'dns_error',
  'connection_refused',
  'connection_timeout',
  'connection_terminated',
  'connection_limit_reached',
  'tls_certificate_error',
  'http_response_timeout',
  'http_response_incomplete',
  'http_protocol_error',
  'http_status',
  'circuit_open',
  'rate_limited',
  'deadline_exceeded',
  'client_cancelled',
  'body_too_large',
  'relay_internal',
] as const

export type ErrorToken = (typeof errorTokens)[number]

/** Why a leg failed. Failures travel as values; a throw means a defect in the relay. */
export interface RelayError {
  readonly token: ErrorToken
  /** For logs only: may name addresses, so it never reaches a client. */
  readonly detail: string
  readonly cause?: unknown
  /** Nothing of the request was handed to a connection, so sending it again repeats nothing. */
  readonly unsent?: boolean
  /** The upstream was waiting for the rest of the request when the time was up. */
  readonly stalled?: boolean
  /** When another try may succeed, for refusals of the relay's own: an open circuit, a limit. */
  readonly retryAfterMs?: number
}

export const relayError = (token: ErrorToken, detail: string, cause?: unknown): RelayError => ({
  token,
  detail,
  cause,
})

const statuses: Readonly<Record<ErrorToken, number>> = {
  dns_error: 502,
  connection_refused: 502,
  connection_timeout: 504,
  connection_terminated: 502,
  connection_limit_reached: 503,
  tls_certificate_error: 502,
  http_response_timeout: 504,
  http_response_incomplete: 502,
  http_protocol_error: 502,
  http_status: 502,
  circuit_open: 503,
  rate_limited: 503,
  deadline_exceeded: 504,
  client_cancelled: 499,
  body_too_large: 502,
  relay_internal: 500,
}

/** The status the relay answers with when this failure is all it has. */
export const statusOfError = (token: ErrorToken): number => statuses[token]
