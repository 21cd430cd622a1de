/** A request the relay answers itself, as problem+json (RFC 9457). */
export interface Rejection {
  readonly status: number
  /** Stable word for programs; listed in docs/errors.md. */
  readonly code: string
  readonly title: string
  /** For the caller: never an address, a stack or a version. */
  readonly detail: string
  /** The connection ends after this answer: what follows on it cannot be trusted or is not wanted. */
  readonly close: boolean
  /** Further members of the problem document. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** Further header fields, names and values alternating. */
  readonly headers?: readonly string[]
}

export const badRequest = (detail: string): Rejection => ({
  status: 400,
  code: 'bad_request',
  title: 'Bad request',
  detail,
  close: true,
})

export const bodyTooLarge = (maxBytes: number): Rejection => ({
  status: 413,
  code: 'body_too_large',
  title: 'Body too large',
  detail: `Bodies of up to ${maxBytes} bytes are taken (limits.maxBodySize of the route, or --max-buffered).`,
  close: true,
})

export const overloaded: Rejection = {
  status: 503,
  code: 'overloaded',
  title: 'Overloaded',
  detail: 'The relay has as many requests in flight, or bytes in memory, as it may.',
  close: false,
  headers: ['Retry-After', '1'],
}

export const requestTimeout: Rejection = {
  status: 408,
  code: 'request_timeout',
  title: 'Request timeout',
  detail: 'The body did not arrive within timeouts.request of the route.',
  close: true,
}

export const bodyStalled: Rejection = {
  ...requestTimeout,
  detail: 'Nothing of the body came for a minute.',
}

export const relayInternal: Rejection = {
  status: 500,
  code: 'relay_internal',
  title: 'Internal error',
  detail: 'The relay failed on this request; its log has the cause under this request id.',
  close: false,
}
