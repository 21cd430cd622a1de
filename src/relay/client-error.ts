import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RouteObserver } from '../core/observer.ts'
import { isEnding } from './ending.ts'
import { allowedMethods } from './methods.ts'
import { proxyStatus } from './rejection.ts'
import { headReader } from './request-head.ts'
import { isReserved } from './reserved-path.ts'

interface Refusal {
  readonly status: number
  readonly title: string
  readonly code: string
  readonly detail: string
  /** Further header fields, names and values alternating. */
  readonly headers?: readonly string[]
}

const malformed: Refusal = {
  status: 400,
  title: 'Bad Request',
  code: 'bad_request',
  detail: 'The message is not valid HTTP/1.1, or its method is unknown.',
}

/** RFC 9112 §6.1: two framings that contradict each other are how requests are smuggled. */
const framedTwice: Refusal = {
  ...malformed,
  detail: 'A message has either Content-Length or Transfer-Encoding, not both.',
}

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    title: 'Request Header Fields Too Large',
    code: 'headers_too_large',
    detail: 'The request line and headers exceed 16 KiB, or there are more than 1000 header lines.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    title: 'Content Too Large',
    code: 'body_too_large',
    detail: 'The chunk extensions are too large.',
  },
  HPE_INVALID_TRANSFER_ENCODING: {
    status: 501,
    title: 'Not Implemented',
    code: 'not_implemented',
    detail: 'Transfer-Encoding must be chunked and nothing else.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request Timeout',
    code: 'request_timeout',
    detail: 'The request head did not arrive in time.',
  },
  FANOUT_CONNECT: {
    status: 405,
    title: 'Method Not Allowed',
    code: 'method_not_allowed',
    detail: 'CONNECT is not relayed: a fan-out has no tunnel to give.',
    headers: ['Allow', allowedMethods],
  },
}

/** Node's parser has one code for each of the two fields, also for what else may be wrong with it. */
const bothFramings = /^(?:Content-Length|Transfer-Encoding) can't be present with /

/** How long the caller may take to close its side; closing ours at once could cost it the answer. */
const lingerMs = 1_000

const refused = Symbol('refused')

/** What Node keeps on the sockets of a server: its own links, the only way from a bare socket to its requests. */
type ServerSocket = Duplex & {
  /** The answer under way. */
  readonly _httpMessage?: ServerResponse | null
  /** `incoming`: the request whose head was read last. */
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
  [refused]?: true
}

type ParserError = Error & { readonly code?: string; readonly reason?: string }

/**
 * What cannot be parsed is answered on the bare socket, and the connection ends: whatever follows on it
 * would be read in the wrong place (RFC 9112 §2.2, §9.6). It is counted unless it is a part of a request that is
 * in the books already. A caller that left inside a message is neither answered nor counted.
 */
export const refuseConnection = (error: ParserError, socket: Duplex, unmatched: RouteObserver): void => {
  const known: ServerSocket = socket
  // Every further packet fails again.
  if (known[refused]) return
  known[refused] = true
  if (error.code === 'ECONNRESET') return void socket.destroy()
  if (error.code === 'HPE_INVALID_EOF_STATE') return refuse(undefined, known)
  const refusal = refusalOf(error)
  // Rubbish behind an answer that ends the connection belongs to a request that is in the books as well.
  if (!isTaken(known) && !isEnding(known)) {
    unmatched.started()
    unmatched.ended('', refusal.status, 'unmatched', 0)
  }
  refuse(refusal, known)
}

/** What arrives is the body of a request that somebody has begun to answer. */
const isTaken = ({ parser }: ServerSocket): boolean => parser?.incoming?.complete === false

const refusalOf = ({ code = '', reason = '' }: ParserError): Refusal =>
  bothFramings.test(reason) ? framedTwice : (refusals[code] ?? malformed)

/** `undefined` = there is nobody to be told. */
const refuse = (refusal: Refusal | undefined, socket: ServerSocket): void => {
  if (!socket.writable) return
  const current = socket._httpMessage
  // The bytes came after a whole request: its answer is owed first, or the caller would take ours for it.
  if (current?.req.complete) current.once('close', () => refuse(refusal, socket))
  // A second answer inside one that has begun would corrupt it; a refusal is whole and only lingers.
  else if (current?.headersSent && !isEnding(socket)) socket.destroy()
  else if (!refusal || current?.headersSent) socket.end(() => socket.destroy())
  // Answered early, and a second answer would be taken for that to the next request.
  else if (!current && isTaken(socket)) socket.end(() => socket.destroy())
  else if (current && !isOwn(current.req)) answerInstead(refusal, current)
  else {
    socket.end(messageOf(refusal))
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
  }
}

/** For a path of the relay itself, which is in no books; Hono insists on answering, and must find nobody there. */
const isOwn = ({ url = '' }: IncomingMessage): boolean => isReserved(url)

/** Answers a request whose body is broken, in place of whoever took it, who counts what it was answered. */
const answerInstead = (refusal: Refusal, response: ServerResponse): void => {
  const { headers, body } = answerOf(refusal, idOf(response.req))
  response.writeHead(refusal.status, headers)
  response.end(body)
  // It has an answer, but whoever took it may be about to give another.
  response.destroyed = true
}

/** The id that the caller gave it, as whoever took it has read it. */
const idOf = (request: IncomingMessage): string => {
  const head = headReader({ pseudonym: noPseudonym, nextRequestId: randomUUID })(request)
  return 'detail' in head ? randomUUID() : head.requestId
}

/** In no field can there be a NUL, so nothing has come round. */
const noPseudonym = '\0'

const messageOf = (refusal: Refusal): string => {
  const { headers, body } = answerOf(refusal, randomUUID())
  let text = `HTTP/1.1 ${refusal.status} ${refusal.title}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n${body}`
}

const answerOf = ({ status, title, code, detail, headers = [] }: Refusal, requestId: string) => {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code, requestId })
  const all = [
    ...headers,
    ...['Content-Type', 'application/problem+json'],
    ...['Content-Length', String(body.length)],
    ...['X-Request-Id', requestId],
    ...['Proxy-Status', proxyStatus(status, code)],
    ...['Connection', 'close'],
  ]
  return { headers: all, body }
}
