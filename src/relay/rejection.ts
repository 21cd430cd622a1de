import { allowedMethods } from './methods.ts'
import type { NearRoute } from './nearest.ts'
import type { RefusingRoute } from './route.ts'

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

/** A head that cannot be relayed; what follows it on the connection cannot be trusted. */
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

export const noTrace: Rejection = {
  status: 405,
  code: 'method_not_allowed',
  title: 'Method not allowed',
  detail: 'TRACE is not relayed: it would echo credentials.',
  close: false,
  headers: ['Allow', allowedMethods],
}

export const notReady: Rejection = {
  status: 503,
  code: 'not_ready',
  title: 'Not ready',
  detail: 'The relay has not loaded its routes yet.',
  close: false,
  headers: ['Retry-After', '1'],
}

export const noRoute = (nearest: readonly NearRoute[]): Rejection => ({
  status: 404,
  code: 'no_route',
  title: 'No route',
  detail: nearest.length === 0 ? 'No routes are loaded.' : 'No route takes this request; see nearest.',
  close: false,
  extensions: { nearest },
})

export const routeInvalid = ({ id, reason }: RefusingRoute): Rejection => ({
  status: 503,
  code: 'route_invalid',
  title: 'Route invalid',
  detail: `Route ${id} is invalid: ${reason}`,
  close: false,
})

/** The route's own limit (RFC 6585 §4). */
export const tooManyRequests = (waitMs: number): Rejection => ({
  status: 429,
  code: 'rate_limited',
  title: 'Too many requests',
  detail: 'The route takes no more requests for now; see Retry-After.',
  close: false,
  headers: retryAfter(waitMs),
})

/** RFC 9110 §10.2.3: whole seconds, rounded up, so that nobody comes back too early. */
export const retryAfter = (ms: number | undefined): string[] =>
  ms === undefined ? [] : ['Retry-After', String(Math.max(1, Math.ceil(ms / 1000)))]
