import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteObserver } from '../core/observer.ts'
import { type Arrival, Exchange, type RelayParts } from './exchange.ts'
import type { NearRoute } from './nearest.ts'
import { overloaded, type Rejection, relayInternal } from './rejection.ts'
import { reject } from './reply.ts'
import { headReader, type RequestHead } from './request-head.ts'
import type { RefusingRoute } from './route.ts'
import type { TableHolder } from './table-holder.ts'
import { Upload } from './upload.ts'

export interface DataHandlerOptions {
  readonly parts: RelayParts
  readonly tables: TableHolder
  readonly nextRequestId: () => string
}

export type DataHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  options: { readonly expectsContinue: boolean },
) => void

/** Takes requests on Node's own objects: no Request, Response or web stream is made on this path. */
export const dataHandler = ({ parts, tables, nextRequestId }: DataHandlerOptions): DataHandler => {
  const readHead = headReader({ pseudonym: parts.pseudonym, nextRequestId })
  const { unmatched } = parts.observer

  return function handle(request, response, { expectsContinue }) {
    const arrival: Arrival = { parts, request, response, expectsContinue, startedAt: parts.now() }
    try {
      const head = readHead(request)
      if ('detail' in head) return refuse(arrival, head, unmatched)
      if (head.method === 'TRACE') return refuse(arrival, noTrace, unmatched, head)
      const table = tables.current
      if (!table) return refuse(arrival, notReady, unmatched, head)
      const found = table.find(head)
      if (!found) return refuse(arrival, noRoute(table.nearest(head.path)), unmatched, head)
      const { route } = found
      if (route.kind === 'broken') return refuse(arrival, routeInvalid(route), route.observer, head, route.id)
      if (!parts.budget.hasRoomForRequest) return refuse(arrival, overloaded, route.observer, head, route.id)
      const exchange = new Exchange(arrival, table, route, found.match, head)
      if (head.contentLength === 0) exchange.fanOut(null)
      else new Upload(exchange).receive(arrival)
    } catch (defect) {
      parts.observer.defect(defect, '')
      refuse(arrival, relayInternal, unmatched)
    }
  }
}

/** Answers a request that never becomes an exchange, and counts it. */
const refuse = (
  { parts, request, response, expectsContinue, startedAt }: Arrival,
  rejection: Rejection,
  observer: RouteObserver,
  head?: RequestHead,
  route?: string,
): void => {
  observer.started()
  response.on('close', () => {
    const outcome = observer === parts.observer.unmatched ? 'unmatched' : 'rejected'
    observer.ended(request.method ?? '', rejection.status, outcome, parts.now() - startedAt)
  })
  // Whether the body follows now is the caller's choice, so what comes next cannot be told apart.
  const answer = expectsContinue ? { ...rejection, close: true } : rejection
  reject(parts, request, response, answer, head?.requestId, route)
}

const noTrace: Rejection = {
  status: 405,
  code: 'method_not_allowed',
  title: 'Method not allowed',
  detail: 'TRACE is not relayed: it would echo credentials.',
  close: false,
  headers: ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
}

const notReady: Rejection = {
  status: 503,
  code: 'not_ready',
  title: 'Not ready',
  detail: 'The relay has not loaded its routes yet.',
  close: false,
  headers: ['Retry-After', '1'],
}

const noRoute = (nearest: readonly NearRoute[]): Rejection => ({
  status: 404,
  code: 'no_route',
  title: 'No route',
  detail: nearest.length === 0 ? 'No routes are loaded.' : 'No route takes this request; see nearest.',
  close: false,
  extensions: { nearest },
})

const routeInvalid = ({ id, reason }: RefusingRoute): Rejection => ({
  status: 503,
  code: 'route_invalid',
  title: 'Route invalid',
  detail: `Route ${id} is invalid: ${reason}`,
  close: false,
})
