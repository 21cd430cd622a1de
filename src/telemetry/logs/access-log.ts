import type { Logger } from '../../core/logger.ts'
import type { AccessLog, ExchangeSummary, LegOutcome, LegSummary, RouteOutcome } from '../../core/observer.ts'

/** `errors`: whatever is not a success, and late legs that failed. */
export type AccessLogMode = 'off' | 'errors' | 'all'

const maxPathLength = 512
const maxDetailLength = 256

/** `undefined` when access lines are off, so that no summary is built. */
export function createAccessLog(logger: Logger, mode: AccessLogMode): AccessLog | undefined {
  if (mode === 'off') return undefined
  const all = mode === 'all'
  return {
    wants: (outcome: RouteOutcome) => all || outcome !== 'success',
    wantsLeg: (outcome: LegOutcome) => outcome === 'failure' || (all && outcome !== 'pending'),
    exchange: summary => {
      logger[isCalm(summary) ? 'info' : 'warn'](exchangeFields(summary), 'request')
    },
    lateLeg: (requestId, route, leg) => {
      logger[leg.outcome === 'failure' ? 'warn' : 'info'](
        { requestId, route, leg: legFields(leg) },
        'late leg',
      )
    },
  }
}

/** What the callers themselves have done is nothing to act upon, what cannot be a request for any route included. */
const isCalm = ({ outcome, route, status }: ExchangeSummary): boolean =>
  calm.has(outcome) || (outcome === 'rejected' && route === '' && status < 500)

const calm: ReadonlySet<RouteOutcome> = new Set(['success', 'cancelled', 'unmatched'])

const exchangeFields = (summary: ExchangeSummary) => ({
  route: summary.route,
  method: summary.method,
  path: cut(withoutQuery(summary.path), maxPathLength),
  status: summary.status,
  outcome: summary.outcome,
  code: summary.code,
  durationMs: rounded(summary.durationMs),
  requestId: summary.requestId,
  trace_id: traceId(summary.traceparent),
  replayed: summary.replayed || undefined,
  legs: summary.legs.map(legFields),
})

const legFields = (leg: LegSummary) => ({
  name: leg.name,
  role: leg.role,
  outcome: leg.outcome,
  status: leg.status,
  error: leg.error === '' ? undefined : leg.error,
  detail: leg.detail === '' ? undefined : cut(leg.detail, maxDetailLength),
  ms: rounded(leg.durationMs),
  attempts: leg.attempts,
})

/** The caller promises it; a slip there must not put secrets into logs. */
const withoutQuery = (path: string): string => {
  const query = path.indexOf('?')
  return query === -1 ? path : path.slice(0, query)
}

/** W3C Trace Context §3.2: an invalid traceparent names no trace. */
const traceId = (traceparent: string | undefined): string | undefined => {
  const found = traceparent?.match(
    /^(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/,
  )
  return found?.[1]
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text
