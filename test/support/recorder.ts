import type { ErrorToken } from '../../src/core/errors.ts'
import type {
  BreakerState,
  IdempotencyResult,
  LegSummary,
  Observer,
  PolicyObserver,
  RouteObserver,
  RouteOutcome,
  SkipReason,
} from '../../src/core/observer.ts'

/** The method of the observer that was called. */
export type PolicyEvent = keyof PolicyObserver | 'idempotency' | 'staleConnection'

export type PolicyDetail = ErrorToken | BreakerState | IdempotencyResult | 1 | -1 | ''

export interface Recorder extends Observer {
  readonly exchanges: { route: string; method: string; status: number; outcome: RouteOutcome }[]
  readonly legs: { route: string; leg: string; status: number; error: ErrorToken | '' }[]
  /** What policies told, in order; `leg` '' = those of the route. `detail` is what the method was given. */
  readonly policies: {
    route: string
    leg: string
    event: PolicyEvent
    detail: PolicyDetail
  }[]
  /** Tries that wait for a slot or a token. */
  readonly waiting: { tries: number }
  readonly skipped: { route: string; leg: string; reason: SkipReason }[]
  readonly failures: { requestId: string; leg: LegSummary }[]
  readonly defects: unknown[]
  /** Requests and attempts under way. */
  readonly inFlight: { requests: number; attempts: number }
}

/** An Observer that remembers. */
export const recorder = (): Recorder => {
  const exchanges: Recorder['exchanges'] = []
  const legs: Recorder['legs'] = []
  const policies: Recorder['policies'] = []
  const waiting = { tries: 0 }
  const skipped: Recorder['skipped'] = []
  const failures: Recorder['failures'] = []
  const defects: unknown[] = []
  const inFlight = { requests: 0, attempts: 0 }
  const tell = (route: string, leg: string, event: PolicyEvent, detail: PolicyDetail = '') =>
    policies.push({ route, leg, event, detail })
  const routeObserver = (route: string): RouteObserver => ({
    started: () => inFlight.requests++,
    ended: (method, status, outcome) => {
      inFlight.requests--
      exchanges.push({ route, method, status, outcome })
    },
    rateLimited: () => tell(route, '', 'rateLimited'),
    limitFellBack: () => tell(route, '', 'limitFellBack'),
    idempotency: result => tell(route, '', 'idempotency', result),
  })
  return {
    exchanges,
    legs,
    policies,
    waiting,
    skipped,
    failures,
    defects,
    inFlight,
    route: routeObserver,
    unmatched: routeObserver(''),
    leg: (route, leg) => ({
      started: () => inFlight.attempts++,
      ended: (status, error) => {
        inFlight.attempts--
        legs.push({ route, leg, status, error })
      },
      staleConnection: () => tell(route, leg, 'staleConnection'),
      refused: error => {
        legs.push({ route, leg, status: 0, error })
        tell(route, leg, 'refused', error)
      },
      skipped: reason => skipped.push({ route, leg, reason }),
      retried: error => tell(route, leg, 'retried', error),
      retriesExhausted: () => tell(route, leg, 'retriesExhausted'),
      budgetSpent: () => tell(route, leg, 'budgetSpent'),
      hedged: () => tell(route, leg, 'hedged'),
      rateLimited: () => tell(route, leg, 'rateLimited'),
      queued: change => {
        waiting.tries += change
        tell(route, leg, 'queued', change)
      },
      breaker: state => tell(route, leg, 'breaker', state),
      limitFellBack: () => tell(route, leg, 'limitFellBack'),
    }),
    failed: (requestId, _route, leg) => failures.push({ requestId, leg }),
    defect: error => defects.push(error),
  }
}
