import { type ErrorToken, type RelayError, relayError } from '../core/errors.ts'

const tokens: Readonly<Record<string, ErrorToken>> = {
  ENOTFOUND: 'dns_error',
  ENODATA: 'dns_error',
  EAI_AGAIN: 'dns_error',
  EAI_FAIL: 'dns_error',
  EAI_NODATA: 'dns_error',
  EAI_NONAME: 'dns_error',
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'connection_refused',
  ENETUNREACH: 'connection_refused',
  EADDRNOTAVAIL: 'connection_limit_reached',
  EMFILE: 'connection_limit_reached',
  ENFILE: 'connection_limit_reached',
  ETIMEDOUT: 'connection_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connection_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'http_protocol_error',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'http_protocol_error',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'body_too_large',
  EPROTO: 'tls_certificate_error',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_certificate_error',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_certificate_error',
  HOSTNAME_MISMATCH: 'tls_certificate_error',
}

const prefixes: readonly (readonly [prefix: string, token: ErrorToken])[] = [
  ['HPE_', 'http_protocol_error'],
  ['CERT_', 'tls_certificate_error'],
  ['ERR_TLS_', 'tls_certificate_error'],
  ['ERR_SSL_', 'tls_certificate_error'],
  ['UNABLE_TO_', 'tls_certificate_error'],
  ['ERR_INVALID_', 'relay_internal'],
  ['UND_ERR_INVALID_ARG', 'relay_internal'],
  ['UND_ERR_NOT_SUPPORTED', 'relay_internal'],
]

const unexpectedEnd = 'HPE_INVALID_EOF_STATE'

/** An answer that stops early looks like a dead connection, a length mismatch or an unexpected end. */
const cutShort = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  unexpectedEnd,
])

/** Only the end of the process closes a pool with requests on it. */
const poolEnded = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED'])

/** Turns what undici or Node reports into a token; `headReceived` tells a refused answer from a cut one. */
export const classify = (error: unknown, { headReceived }: { headReceived: boolean }): RelayError => {
  const code = codeOf(error)
  if (poolEnded.has(code))
    return relayError('client_cancelled', 'the relay was shut down before the upstream had answered', error)
  const detail = error instanceof Error ? error.message || code : String(error)
  if (headReceived && cutShort.has(code)) return relayError('http_response_incomplete', detail, error)
  const token = tokens[code] ?? prefixes.find(([prefix]) => code.startsWith(prefix))?.[1]
  return relayError(token ?? 'connection_terminated', detail, error)
}

/** 101 or 100 where no answer of that kind can be; undici tells them from a lost connection by these words alone. */
const misplacedStatus = new Set<unknown>(['bad upgrade', 'bad response'])

const codeOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return ''
  const { code, name, data, message } = error as Record<'code' | 'name' | 'data' | 'message', unknown>
  // undici leaves its parser's errors without a code; only the end of the input leaves no bytes behind.
  if (name === 'HTTPParserError') return data === '' ? unexpectedEnd : 'HPE_'
  if (name === 'SocketError' && misplacedStatus.has(message)) return 'HPE_'
  return typeof code === 'string' ? code : ''
}
