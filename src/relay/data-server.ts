import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { refuseConnection } from './client-error.ts'
import type { DataHandler } from './data-handler.ts'

/** Paths the relay keeps for itself on the data port. */
export const reservedPrefix = '/-/fanout/'

const maxHeaderBytes = 16 * 1024
/** A caller that sends its head slower than this is cut off (slowloris). */
const headersTimeoutMs = 10_000
/** How often slow heads are looked for; the bound above is met within this. */
const checkIntervalMs = 2_000
/** Longer than most callers keep idle connections, so that it is they who close first. */
const keepAliveTimeoutMs = 65_000

export interface DataServerOptions {
  readonly handle: DataHandler
  readonly isReady: () => boolean
}

/** The data port: Hono serves what is the relay's own, everything else is relayed on the raw request. */
export const dataServer = ({ handle, isReady }: DataServerOptions): Server => {
  const own = getRequestListener(reservedApp(isReady).fetch, { overrideGlobalObjects: false })
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: checkIntervalMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Routes bound their own requests; an upload may take as long as its route says.
    requestTimeout: 0,
    insecureHTTPParser: false,
  })
  const take = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    const url = request.url ?? ''
    if (url.startsWith(reservedPrefix)) void own(request, response)
    else if (url === '*' && request.method === 'OPTIONS') answerAsterisk(response)
    else handle(request, response, { expectsContinue })
  }
  server.on('request', (request, response) => take(request, response, false))
  server.on('checkContinue', (request, response) => take(request, response, true))
  server.on('connect', (_request, socket) => refuseConnection(connectRequest, socket))
  server.on('clientError', refuseConnection)
  return server
}

/** CONNECT asks for a tunnel (RFC 9110 §9.3.6); a fan-out has none to give. */
const connectRequest = { code: 'FANOUT_CONNECT' }

const reservedApp = (isReady: () => boolean): Hono => {
  const app = new Hono()
  app.get('/-/fanout/readyz', context =>
    isReady() ? context.json({ status: 'ready' }) : context.json({ status: 'loading' }, 503),
  )
  app.notFound(context =>
    context.body(JSON.stringify(notFound), 404, { 'Content-Type': 'application/problem+json' }),
  )
  return app
}

const notFound = {
  type: 'about:blank',
  title: 'Not found',
  status: 404,
  code: 'not_found',
  detail: 'Paths under /-/fanout/ belong to the relay; GET /-/fanout/readyz is there.',
}

/** RFC 9110 §9.3.7: the question is about the server as a whole, so the relay answers it. */
const answerAsterisk = (response: ServerResponse): void => {
  response.writeHead(204, ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'])
  response.end()
}
