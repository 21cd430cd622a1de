import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { BrokenBody } from './broken-body.ts'
import { isEnding } from './ending.ts'
import { type Books, type Known, openEntry } from './entry.ts'
import { allowedMethods } from './methods.ts'
import { proxyStatus } from './proxy-status.ts'
import { givenRequestId } from './request-id.ts'
import { parseTarget } from './request-target.ts'
import { isReserved } from './reserved-path.ts'

/** What the server itself refuses, before any route is asked about it. */
export interface Refusal {
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
 * would be read in the wrong place (RFC 9112 §2.2, §9.6). What is answered is put into the books, unless it is a
 * part of a request that is in them already. A caller that left inside a message is neither answered nor counted.
 * `request` is there where the head could be read.
 */
export const refuseConnection = (
  error: ParserError,
  socket: Duplex,
  books: Books,
  request?: IncomingMessage,
): void => {
  const known: ServerSocket = socket
  // Every further packet fails again.
  if (known[refused]) return
  known[refused] = true
  if (error.code === 'ECONNRESET') return void socket.destroy()
  if (error.code === 'HPE_INVALID_EOF_STATE') return refuse(undefined, known, books)
  refuse(refusalOf(error), known, books, request)
}

/** What arrives is the body of a request that somebody has begun to answer. */
const isTaken = ({ parser }: ServerSocket): boolean => parser?.incoming?.complete === false

const refusalOf = ({ code = '', reason = '' }: ParserError): Refusal =>
  bothFramings.test(reason) ? framedTwice : (refusals[code] ?? malformed)

/** No refusal = there is nobody to be told. */
const refuse = (
  refusal: Refusal | undefined,
  socket: ServerSocket,
  books: Books,
  request?: IncomingMessage,
): void => {
  if (!socket.writable) return
  const current = socket._httpMessage
  // The bytes came after a whole request: its answer is owed first, or the caller would take ours for it.
  if (current?.req.complete) current.once('close', () => refuse(refusal, socket, books, request))
  // A second answer inside one that has begun would corrupt it; a refusal is whole and only lingers.
  else if (current?.headersSent && !isEnding(socket)) socket.destroy()
  else if (!refusal || current?.headersSent) socket.end(() => socket.destroy())
  // Answered early, and a second answer would be taken for that to the next request.
  else if (!current && (isTaken(socket) || isEnding(socket))) socket.end(() => socket.destroy())
  else if (current && !isOwn(current.req)) answerInstead(refusal, current, books)
  else answerBare(refusal, socket, books, request ?? current?.req)
}

/** For a path of the relay itself, which is in no books; Hono insists on answering, and must find nobody there. */
const isOwn = ({ url = '' }: IncomingMessage): boolean => isReserved(url)

/** Answers a request whose body is broken, in place of whoever took it, who counts what it was answered. */
const answerInstead = (refusal: Refusal, response: ServerResponse, books: Books): void => {
  const broken = new BrokenBody(refusal.code)
  if (response.listenerCount('error') > 0) response.emit('error', broken)
  const { rawHeaders } = response.req
  const requestId = broken.requestId ?? givenRequestId(rawHeaders) ?? books.nextRequestId()
  const { headers, body } = answerOf(refusal, requestId)
  response.writeHead(refusal.status, headers)
  response.end(body)
  // It has an answer, but whoever took it may be about to give another.
  response.destroyed = true
}

const answerBare = (
  refusal: Refusal,
  socket: ServerSocket,
  books: Books,
  request: IncomingMessage | undefined,
): void => {
  const { status, code } = refusal
  const entry = openEntry(books, request ? knownOf(request) : {})
  socket.end(messageOf(refusal, entry.requestId))
  entry.end(status, 'rejected', code)
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}

/** CONNECT names no path but an authority (RFC 9112 §3.2.3). */
const knownOf = ({ method, url = '', rawHeaders }: IncomingMessage): Known => {
  const target = parseTarget(url)
  return { method, path: 'path' in target ? target.path : '', rawHeaders }
}

const messageOf = (refusal: Refusal, requestId: string): string => {
  const { headers, body } = answerOf(refusal, requestId)
  let text = `HTTP/1.1 ${refusal.status} ${refusal.title}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n${body}`
}

/** The answer that ends its connection, as problem+json (RFC 9457). */
export const answerOf = ({ status, title, code, detail, headers = [] }: Refusal, requestId: string) => {
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
