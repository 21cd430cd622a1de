import type { ExchangeSummary } from '../core/observer.ts'
import type { Exchange } from './exchange.ts'
import type { Leg } from './leg.ts'

/** A finished request for the access log. Made for those alone that are going to be written. */
export const summaryOf = (
  { route, head, span, replayed, code, awaited }: Exchange,
  copies: readonly Leg[],
  { status, outcome, durationMs }: Pick<ExchangeSummary, 'status' | 'outcome' | 'durationMs'>,
): ExchangeSummary => ({
  requestId: head.requestId,
  route: route.id,
  method: head.method,
  path: head.path,
  status,
  outcome,
  code,
  durationMs,
  traceparent: span?.traceparent ?? head.traceparent,
  replayed,
  legs: [...awaited, ...copies].map(leg => leg.summary()),
})
