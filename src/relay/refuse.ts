import type { RouteObserver } from '../core/observer.ts'
import { isLingering } from './linger.ts'
import type { Arrival } from './parts.ts'
import type { Rejection } from './rejection.ts'
import { reject } from './reply.ts'
import type { RequestHead } from './request-head.ts'

/** Answers a request that never becomes an exchange, and puts it into the books. */
export const refuse = (
  arrival: Arrival,
  rejection: Rejection,
  observer: RouteObserver,
  requestId: string,
  head?: RequestHead,
  route = '',
): void => {
  const { parts, request, response, expectsContinue, startedAt } = arrival
  const { accessLog, tracing } = parts.observer
  // The caller may have left while a shared limit was asked.
  const hasLeft = response.destroyed
  const outcome = hasLeft ? 'cancelled' : rejection.code === 'no_route' ? 'unmatched' : 'rejected'
  const method = request.method ?? ''
  const span = head && tracing?.request(method, route, head.headers, head.path)
  observer.started()
  let isSettled = false
  const ended = (): void => {
    if (isSettled) return
    isSettled = true
    const durationMs = parts.clock.now() - startedAt
    const sent = response.headersSent ? response.statusCode : 0
    observer.ended(method, sent, outcome, durationMs)
    span?.end(sent, outcome)
    if (!accessLog?.wants(outcome)) return
    const path = head?.path ?? ''
    const traceparent = span?.traceparent ?? head?.traceparent
    accessLog.exchange({
      requestId,
      route,
      method,
      path,
      status: sent,
      outcome,
      code: rejection.code,
      durationMs,
      traceparent,
      legs: [],
    })
  }
  if (hasLeft) return ended()
  response.on('close', ended)
  // Whether the body follows now is the caller's choice, so what comes next cannot be told apart.
  const answer = expectsContinue ? { ...rejection, close: true } : rejection
  reject(parts, request, response, answer, requestId, route || undefined)
  if (isLingering(response)) ended()
}
