import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { RouteObserver } from '../core/observer.ts'
import { refuseConnection } from './client-error.ts'
import type { DataHandler } from './data-handler.ts'
import { isEnding, markEnding } from './ending.ts'
import { lazyListener } from './lazy-listener.ts'
import { dropRest, linger } from './linger.ts'
import { allowedMethods } from './methods.ts'
import type { Overload } from './overload.ts'
import type { RelayState } from './reserved-app.ts'
import { isReserved } from './reserved-path.ts'

const maxHeaderBytes = 16 * 1024

export interface DataServerOptions {
  readonly handle: DataHandler
  readonly state: () => RelayState
  /** Counts what cannot even be parsed. */
  readonly unmatched: RouteObserver
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
  overload,
  headersTimeoutMs = 10_000,
  checkIntervalMs = 2_000,
  keepAliveTimeoutMs = 65_000,
}: DataServerOptions): Server => {
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
  const take = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    if (isEnding(request.socket)) return
    const url = request.url ?? ''
    if (isReserved(url) && hasHost(request)) {
      boundRest(request, response)
      own(request, response)
      // Before anything is read or made for it, so that a refusal costs as little as it can.
    } else if (overload?.refuses(request, response, expectsContinue)) return
    else if (request.method === 'OPTIONS' && isLastHop(request, url)) {
      boundRest(request, response)
      answerOptions(response)
    } else handle(request, response, { expectsContinue })
  }
  server.on('request', (request, response) => take(request, response, false))
  server.on('checkContinue', (request, response) => take(request, response, true))
  server.on('checkExpectation', refuseExpectation)
  server.on('connect', (_request, socket) => {
    // Node has let go of this socket: without these, a reset would end the process.
    socket.on('error', ignore).resume()
    refuseConnection(connectRequest, socket, unmatched)
  })
  server.on('clientError', (error, socket) => refuseConnection(error, socket, unmatched))
  return server
}

const ignore = (): void => {}

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

const answerOptions = (response: ServerResponse): void => {
  response.writeHead(204, ['Allow', allowedMethods])
  response.end()
}

/** RFC 9110 §10.1.1: no expectation but 100-continue is known. The body may or may not come, so this ends. */
const refuseExpectation = (request: IncomingMessage, response: ServerResponse): void => {
  const body = Buffer.from(JSON.stringify(expectationFailed))
  markEnding(request.socket)
  response.writeHead(417, [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(body.length),
    'Connection',
    'close',
  ])
  linger(request, response, body)
}

const expectationFailed = {
  type: 'about:blank',
  title: 'Expectation failed',
  status: 417,
  code: 'expectation_failed',
  detail: 'The only expectation the relay meets is 100-continue.',
}
