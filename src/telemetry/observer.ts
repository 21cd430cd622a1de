import { type Clock, systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { AccessLog, Observer, Tracing } from '../core/observer.ts'
import type { FailureRing } from './failure-ring.ts'
import { createPolicyLog } from './logs/policy-log.ts'
import type { Metrics } from './metrics/metrics.ts'

export interface ObserverParts {
  readonly metrics: Metrics
  readonly logger: Logger
  readonly failures: FailureRing
  /** From `createAccessLog`; `undefined` = off. */
  readonly accessLog: AccessLog | undefined
  /** From `createTracing`; `undefined` = no SDK. */
  readonly tracing: Tracing | undefined
  /** Tells one outage of a shared limit from the next. */
  readonly clock?: Clock
}

/** Metrics, log lines, traces and the list of failures behind the one interface of the data path. */
export const createObserver = ({
  metrics,
  logger,
  failures,
  accessLog,
  tracing,
  clock = systemClock,
}: ObserverParts): Observer => {
  const policyLog = createPolicyLog(logger, clock)
  return {
    route: id => metrics.route(id, policyLog),
    leg: (route, upstream, role) => metrics.leg(route, upstream, role, policyLog),
    unmatched: metrics.unmatched,
    ...(accessLog ? { accessLog } : {}),
    ...(tracing ? { tracing } : {}),
    defect: (error, requestId) => {
      metrics.defect()
      logger.error({ requestId, err: error }, 'defect of the relay: please report it with this line')
    },
    failed: (requestId, route, leg) => failures.add(requestId, route, leg),
  }
}
