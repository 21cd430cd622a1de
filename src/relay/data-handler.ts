import type { IncomingMessage, ServerResponse } from 'node:http'
import { Exchange } from './exchange.ts'
import type { Arrival, RelayParts } from './parts.ts'
import { refuse } from './refuse.ts'
import {
  noRoute,
  noTrace,
  notReady,
  overloaded,
  relayInternal,
  routeInvalid,
  tooManyRequests,
} from './rejection.ts'
import { headReader, type RequestHead } from './request-head.ts'
import { givenRequestId } from './request-id.ts'
import type { RouteMatch, ServingRoute } from './route.ts'
import type { RouteTable } from './table.ts'
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
    const arrival: Arrival = { parts, request, response, expectsContinue, startedAt: parts.clock.now() }
    try {
      const head = readHead(request)
      if ('detail' in head)
        return refuse(arrival, head, unmatched, givenRequestId(request.rawHeaders) ?? nextRequestId())
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
      const matched: Matched = { arrival, head, table, route, match: found.match }
      if (route.limit) admit(matched, route.limit.reserve(0))
      else begin(matched)
    } catch (defect) {
      fail(arrival, defect, nextRequestId())
    }
  }
}

const fail = (arrival: Arrival, defect: unknown, requestId: string): void => {
  const { observer } = arrival.parts
  observer.defect(defect, requestId)
  refuse(arrival, relayInternal, observer.unmatched, requestId)
}

/** A request and the route that takes it. */
interface Matched extends Pick<RouteMatch, 'match'> {
  readonly arrival: Arrival
  readonly head: RequestHead
  readonly table: RouteTable
  readonly route: ServingRoute
}

const begin = ({ arrival, table, route, match, head }: Matched): void => {
  const exchange = new Exchange(arrival, table, route, match, head)
  try {
    if (head.contentLength === 0) exchange.fanOut(null)
    else new Upload(exchange).receive(arrival)
  } catch (defect) {
    arrival.parts.observer.defect(defect, head.requestId)
    exchange.refuse(relayInternal)
  }
}

/** `wait` is what the route's limit says: negative = not now. */
const admit = (matched: Matched, wait: number | Promise<number>): void => {
  const { arrival, head, table, route } = matched
  if (typeof wait !== 'number') {
    // Of a limit that relays share. The table is held meanwhile, and nothing of the body is read.
    table.enter()
    void wait
      .then(granted => admit(matched, granted))
      .catch(defect => fail(arrival, defect, head.requestId))
      .finally(() => table.leave())
    return
  }
  const { response, parts } = arrival
  if (wait >= 0) {
    if (!response.destroyed && parts.budget.hasRoomForRequest) return begin(matched)
    // While the limit was asked the caller left, or others took the room.
    route.limit?.giveBack()
    return refuse(arrival, overloaded, route.observer, head.requestId, head, route.id)
  }
  route.observer.rateLimited()
  refuse(arrival, tooManyRequests(-wait), route.observer, head.requestId, head, route.id)
}
