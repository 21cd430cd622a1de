import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteObserver } from '../core/observer.ts'
import { type Arrival, Exchange, type RelayParts } from './exchange.ts'
import { allowedMethods } from './methods.ts'
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
    let exchange: Exchange | undefined
    try {
      const head = readHead(request)
      if ('detail' in head) return refuse(arrival, head, unmatched, nextRequestId())
      const { requestId } = head
      if (head.method === 'TRACE') return refuse(arrival, noTrace, unmatched, requestId, head)
      const table = tables.current
      if (!table) return refuse(arrival, notReady, unmatched, requestId, head)
      const found = table.find(head)
      if (!found) return refuse(arrival, noRoute(table.nearest(head.path)), unmatched, requestId, head)
      const { route } = found
      if (route.kind === 'broken')
        return refuse(arrival, routeInvalid(route), route.observer, requestId, head, route.id)
      if (!parts.budget.hasRoomForRequest)
        return refuse(arrival, overloaded, route.observer, requestId, head, route.id)
      exchange = new Exchange(arrival, table, route, found.match, head)
      if (head.contentLength === 0) exchange.fanOut(null)
      else new Upload(exchange).receive(arrival)
    } catch (defect) {
      const requestId = exchange?.head.requestId ?? nextRequestId()
      parts.observer.defect(defect, requestId)
      if (exchange) exchange.refuse(relayInternal)
      else refuse(arrival, relayInternal, unmatched, requestId)
    }
  }
}

/** Answers a request that never becomes an exchange, and puts it into the books. */
const refuse = (
  arrival: Arrival,
  rejection: Rejection,
  observer: RouteObserver,
  requestId: string,
  head?: RequestHead,
  route = '',
): void => {
  const { parts, request, response, expectsContinue, startedAt } = arrival
  const { accessLog, tracing, unmatched } = parts.observer
  const outcome = observer === unmatched ? 'unmatched' : 'rejected'
  const method = request.method ?? ''
  const { status } = rejection
  const span = head && tracing?.request(method, route, head.headers, head.path)
  observer.started()
  response.on('close', () => {
    const durationMs = parts.now() - startedAt
    observer.ended(method, status, outcome, durationMs)
    span?.end(status, outcome)
    if (!accessLog?.wants(outcome)) return
    const path = head?.path ?? ''
    const traceparent = span?.traceparent ?? head?.traceparent
    accessLog.exchange({ requestId, route, method, path, status, outcome, durationMs, traceparent, legs: [] })
  })
  // Whether the body follows now is the caller's choice, so what comes next cannot be told apart.
  const answer = expectsContinue ? { ...rejection, close: true } : rejection
  reject(parts, request, response, answer, requestId, route || undefined)
}

const noTrace: Rejection = {
  status: 405,
  code: 'method_not_allowed',
  title: 'Method not allowed',
  detail: 'TRACE is not relayed: it would echo credentials.',
  close: false,
  headers: ['Allow', allowedMethods],
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
