import type { Logger } from '../core/logger.ts'
import type { AccessLog, Observer, Tracing } from '../core/observer.ts'
import type { FailureRing } from './failure-ring.ts'
import type { Metrics } from './metrics/metrics.ts'

export interface ObserverParts {
  readonly metrics: Metrics
  readonly logger: Logger
  readonly failures: FailureRing
  /** From `createAccessLog`; `undefined` = off. */
  readonly accessLog: AccessLog | undefined
  /** From `createTracing`; `undefined` = no SDK. */
  readonly tracing: Tracing | undefined
}

/** Metrics, access lines, traces and the list of failures behind the one interface of the data path. */
export const createObserver = ({
  metrics,
  logger,
  failures,
  accessLog,
  tracing,
}: ObserverParts): Observer => ({
  route: id => metrics.route(id),
  leg: (route, upstream, role) => metrics.leg(route, upstream, role),
  unmatched: metrics.unmatched,
  ...(accessLog ? { accessLog } : {}),
  ...(tracing ? { tracing } : {}),
  defect: (error, requestId) => {
    metrics.defect()
    logger.error({ requestId, err: error }, 'defect of the relay: please report it with this line')
  },
  failed: (requestId, route, leg) => failures.add(requestId, route, leg),
})
