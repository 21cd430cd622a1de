import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RouteObserver } from '../core/observer.ts'
import { isEnding } from './ending.ts'
import { allowedMethods } from './methods.ts'

interface Refusal {
  readonly status: string
  readonly code: string
  readonly detail: string
  /** Further header lines. */
  readonly headers?: readonly string[]
}

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'headers_too_large',
    detail: 'The request line and headers exceed 16 KiB, or there are more than 1000 header lines.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Content Too Large',
    code: 'body_too_large',
    detail: 'The chunk extensions are too large.',
  },
  HPE_INVALID_TRANSFER_ENCODING: {
    status: '501 Not Implemented',
    code: 'not_implemented',
    detail: 'Transfer-Encoding must be chunked and nothing else.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request_timeout',
    detail: 'The request head did not arrive in time.',
  },
  FANOUT_CONNECT: {
    status: '405 Method Not Allowed',
    code: 'method_not_allowed',
    detail: 'CONNECT is not relayed: a fan-out has no tunnel to give.',
    headers: [`Allow: ${allowedMethods}`],
  },
}

const malformed: Refusal = {
  status: '400 Bad Request',
  code: 'bad_request',
  detail: 'The message is not valid HTTP/1.1, or its method is unknown.',
}

/** How long the caller may take to close its side; closing ours at once could cost it the answer. */
const lingerMs = 1_000

const refused = Symbol('refused')

/** `_httpMessage` is the answer under way: Node's own link, the only way from a bare socket to it. */
type ServerSocket = Duplex & { _httpMessage?: ServerResponse | null; [refused]?: true }

/**
 * What cannot be parsed is answered on the bare socket, and the connection ends: whatever follows on it
 * would be read in the wrong place (RFC 9112 §2.2, §9.6).
 */
export const refuseConnection = (
  error: Error & { readonly code?: string },
  socket: Duplex,
  unmatched: RouteObserver,
): void => {
  const known: ServerSocket = socket
  // Every further packet fails again.
  if (known[refused]) return
  known[refused] = true
  if (error.code === 'ECONNRESET') return void socket.destroy()
  const refusal = refusals[error.code ?? ''] ?? malformed
  // Rubbish behind an answer that ends the connection belongs to a request that is in the books already.
  if (!isEnding(known)) {
    unmatched.started()
    unmatched.ended('', Number.parseInt(refusal.status, 10), 'unmatched', 0)
  }
  refuse(refusal, known)
}

const refuse = (refusal: Refusal, socket: ServerSocket): void => {
  if (!socket.writable) return
  const current = socket._httpMessage
  // The bytes came after a whole request: its answer is owed first, or the caller would take ours for it.
  if (current?.req.complete) current.once('close', () => refuse(refusal, socket))
  else if (!current) {
    socket.end(messageOf(refusal))
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
    // A second answer inside one that has begun would corrupt it; a refusal is whole and only lingers.
  } else if (!current.headersSent) socket.end(messageOf(refusal), () => socket.destroy())
  else if (isEnding(socket)) socket.end(() => socket.destroy())
  else socket.destroy()
}

const messageOf = ({ status, code, detail, headers = [] }: Refusal): string => {
  const [number, ...title] = status.split(' ')
  const problem = { type: 'about:blank', title: title.join(' '), status: Number(number), detail, code }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status}`,
    ...headers,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
