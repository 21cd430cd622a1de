import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Observer } from '../core/observer.ts'
import { refuseConnection } from './client-error.ts'
import type { DataHandler } from './data-handler.ts'
import { isEnding } from './ending.ts'
import type { Books } from './entry.ts'
import { lazyListener } from './lazy-listener.ts'
import { dropRest } from './linger.ts'
import type { Overload } from './overload.ts'
import { answerOptions, expectsOnlyContinue, refuseExpectation } from './own-answers.ts'
import { requestIds } from './request-id.ts'
import type { RelayState } from './reserved-app.ts'
import { isReserved } from './reserved-path.ts'

const maxHeaderBytes = 16 * 1024

export interface DataServerOptions {
  readonly handle: DataHandler
  readonly state: () => RelayState
  /** Counts what is answered here: what cannot even be parsed, unmet expectations, `OPTIONS *`. */
  readonly unmatched: Observer['unmatched']
  /** Of the same. Absent when access lines are off. */
  readonly accessLog?: Observer['accessLog'] | undefined
  /** Of the same, where there is a head. Absent when no OpenTelemetry SDK is loaded. */
  readonly tracing?: Observer['tracing'] | undefined
  /** For requests that bring no valid id of their own. Defaults to ids of this server's own. */
  readonly nextRequestId?: () => string
  readonly clock?: Clock
  /** Refuses what there is no time for, all but the relay's own paths. Absent = everything is taken. */
  readonly overload?: Overload | undefined
  /** A caller that sends its head slower than this is answered 408 (slowloris). Defaults to 10 s. */
  readonly headersTimeoutMs?: number
  /** How often slow heads are looked for: the bound above is met within this. Defaults to 2 s. */
  readonly checkIntervalMs?: number
  /** Longer than most callers keep idle connections, so that it is they who close first. Defaults to 65 s. */
  readonly keepAliveTimeoutMs?: number
}

/** The data port: Hono serves what is the relay's own, everything else is relayed on the raw request. */
export const dataServer = ({
  handle,
  state,
  unmatched,
  accessLog,
  tracing,
  nextRequestId = requestIds(),
  clock = systemClock,
  overload,
  headersTimeoutMs = 10_000,
  checkIntervalMs = 2_000,
  keepAliveTimeoutMs = 65_000,
}: DataServerOptions): Server => {
  const observer = { unmatched, ...(accessLog && { accessLog }), ...(tracing && { tracing }) }
  const books: Books = { clock, observer, nextRequestId }
  const own = lazyListener(async () => (await import('./reserved-app.ts')).reservedApp(state))
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: checkIntervalMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Routes bound their own requests; an upload may take as long as its route says.
    requestTimeout: 0,
    insecureHTTPParser: false,
    // Checked with the rest of the head, so that the answer says what is wrong and the connection ends.
    requireHostHeader: false,
  })
  const take = (request: IncomingMessage, response: ServerResponse, expects: Expects): void => {
    if (isEnding(request.socket)) return
    const url = request.url ?? ''
    if (expects !== 'unknown' && isReserved(url) && hasHost(request)) {
      boundRest(request, response)
      own(request, response)
      // Before anything is read or made for it, so that a refusal costs as little as it can.
    } else if (overload?.refuses(request, response, expects !== 'nothing')) return
    else if (expects === 'unknown') refuseExpectation(books, request, response)
    else if (request.method === 'OPTIONS' && isLastHop(request, url)) {
      boundRest(request, response)
      answerOptions(books, request, response, { ends: state() === 'draining' })
    } else handle(request, response, { expectsContinue: expects === 'continue' })
  }
  server.on('request', (request, response) => take(request, response, 'nothing'))
  server.on('checkContinue', (request, response) =>
    take(request, response, expectsOnlyContinue(request) ? 'continue' : 'unknown'),
  )
  server.on('checkExpectation', (request, response) => take(request, response, 'unknown'))
  server.on('connect', (request, socket) => {
    // Node has let go of this socket: without these, a reset would end the process.
    socket.on('error', ignore).resume()
    refuseConnection(connectRequest, socket, books, request)
  })
  server.on('clientError', (error, socket) => refuseConnection(error, socket, books))
  return server
}

const ignore = (): void => {}

/** 100-continue, or anything else as well or instead. */
type Expects = 'nothing' | 'continue' | 'unknown'

/** For answers made without a look at the body: Node would read what is left of it for ever. */
const boundRest = (request: IncomingMessage, response: ServerResponse): void => {
  response.once('finish', () => {
    if (!request.complete) dropRest(request, response)
  })
}

/** RFC 9112 §3.2: required since HTTP/1.1; whoever sends none is told so like any other caller. */
const hasHost = ({ headers, httpVersionMinor }: IncomingMessage): boolean =>
  headers.host !== undefined || httpVersionMinor === 0

/** CONNECT asks for a tunnel (RFC 9110 §9.3.6); a fan-out has none to give. */
const connectRequest = Object.assign(new Error('CONNECT'), { code: 'FANOUT_CONNECT' })

/** `*` asks about the server as a whole (RFC 9110 §9.3.7), Max-Forwards 0 about this hop (§7.6.2). */
const isLastHop = (request: IncomingMessage, url: string): boolean =>
  hasHost(request) && (url === '*' || request.headers['max-forwards'] === '0')
