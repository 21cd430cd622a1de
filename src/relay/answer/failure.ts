import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import { failureRejection, reject, replyHeaders } from '../reply.ts'

/** No upstream can answer, so the failure of one does. `status` overrides the one that goes with the failure. */
export const sendFailure = (exchange: Exchange, leg: Leg | undefined, status?: number): void => {
  const { parts, request, response, head, route, awaited } = exchange
  exchange.outcome = 'failed'
  exchange.forget()
  const more = replyHeaders(parts, head.requestId, 'failed', awaited)
  const name = leg?.compiled.name ?? route.id
  const error = leg?.token || 'relay_internal'
  const rejection = failureRejection({ name, error, status, retryAfterMs: leg?.retryAfterMs })
  reject(parts, request, response, rejection, head.requestId, route.id, more)
}
