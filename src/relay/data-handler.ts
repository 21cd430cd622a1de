import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteObserver } from '../core/observer.ts'
import { captureBody } from './capture.ts'
import { Exchange, type RelayParts } from './exchange.ts'
import type { NearRoute } from './nearest.ts'
import { bodyTooLarge, overloaded, type Rejection, relayInternal } from './rejection.ts'
import { reject } from './reply.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'
import type { RouteMatch, ServingRoute } from './route.ts'
import type { RouteTable } from './table.ts'
import type { TableHolder } from './table-holder.ts'
import { Tee } from './tee.ts'

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
  const headOptions = { pseudonym: parts.pseudonym, nextRequestId }

  return function handle(request, response, { expectsContinue }) {
    const startedAt = parts.now()
    const refuse = (rejection: Rejection, observer: RouteObserver, requestId?: string, route?: string) => {
      observer.started()
      response.on('close', () => {
        const outcome = observer === parts.observer.unmatched ? 'unmatched' : 'rejected'
        observer.ended(request.method ?? '', rejection.status, outcome, parts.now() - startedAt)
      })
      // Whether the body follows now is the caller's choice, so what comes next cannot be told apart.
      const answer = expectsContinue ? { ...rejection, close: true } : rejection
      reject(parts, request, response, answer, requestId, route)
    }
    const { unmatched } = parts.observer

    try {
      const head = readRequestHead(request, headOptions)
      if ('detail' in head) return refuse(head, unmatched)
      if (head.method === 'TRACE') return refuse(noTrace, unmatched, head.requestId)
      const table = tables.current
      const found = table?.find(head)
      if (!table) return refuse(notReady, unmatched, head.requestId)
      if (!found) return refuse(noRoute(table.nearest(head.path)), unmatched, head.requestId)
      const { route } = found
      if (route.kind === 'broken')
        return refuse(routeInvalid(route.id, route.reason), route.observer, head.requestId, route.id)
      if (!parts.budget.hasRoomForRequest) return refuse(overloaded, route.observer, head.requestId, route.id)
      serve(table, found, route, head)
    } catch (defect) {
      parts.observer.defect(defect, '')
      refuse(relayInternal, unmatched)
    }

    function serve(table: RouteTable, { match }: RouteMatch, route: ServingRoute, head: RequestHead): void {
      const exchange = new Exchange({ parts, table, route, match, head, request, response, startedAt })
      const { contentLength } = head
      const { maxBodyBytes, onOversize } = route
      if (contentLength === 0) return exchange.fanOut(null)
      const large = contentLength !== undefined && contentLength > maxBodyBytes
      if (large && onOversize === 'Reject') return exchange.refuse(bodyTooLarge(maxBodyBytes))
      const reserved = large ? 0 : (contentLength ?? maxBodyBytes)
      if (!exchange.reserve(reserved))
        return exchange.refuse(expectsContinue ? { ...overloaded, close: true } : overloaded)
      // Only now is it certain that the body will be read.
      if (expectsContinue) response.writeContinue()
      if (large) return stream(exchange, route, contentLength, [])
      captureBody(request, {
        limit: maxBodyBytes,
        declared: contentLength,
        onBody: body => {
          if (exchange.answered) return
          exchange.reserve(body.length - reserved)
          exchange.fanOut(body.length === 0 ? null : body)
        },
        onOverflow: chunks => {
          if (exchange.answered) return
          exchange.reserve(-reserved)
          if (onOversize === 'Reject') exchange.refuse(bodyTooLarge(maxBodyBytes))
          else stream(exchange, route, undefined, chunks)
        },
      })
    }

    function stream(
      exchange: Exchange,
      { onOversize, answer }: ServingRoute,
      contentLength: number | undefined,
      chunks: readonly Buffer[],
    ): void {
      const only = onOversize === 'StreamPrimary' ? answer.from : undefined
      exchange.fanOutStreamed(new Tee(request, contentLength), chunks, only)
    }
  }
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

const routeInvalid = (id: string, reason: string): Rejection => ({
  status: 503,
  code: 'route_invalid',
  title: 'Route invalid',
  detail: `Route ${id} is invalid: ${reason}`,
  close: false,
})
