import type { ErrorToken } from '../../src/core/errors.ts'
import type {
  LegSummary,
  Observer,
  RouteObserver,
  RouteOutcome,
  SkipReason,
} from '../../src/core/observer.ts'

export interface Recorder extends Observer {
  readonly exchanges: { route: string; method: string; status: number; outcome: RouteOutcome }[]
  readonly legs: { route: string; leg: string; status: number; error: ErrorToken | '' }[]
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
  const skipped: Recorder['skipped'] = []
  const failures: Recorder['failures'] = []
  const defects: unknown[] = []
  const inFlight = { requests: 0, attempts: 0 }
  const routeObserver = (route: string): RouteObserver => ({
    started: () => inFlight.requests++,
    ended: (method, status, outcome) => {
      inFlight.requests--
      exchanges.push({ route, method, status, outcome })
    },
  })
  return {
    exchanges,
    legs,
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
      skipped: reason => skipped.push({ route, leg, reason }),
    }),
    failed: (requestId, _route, leg) => failures.push({ requestId, leg }),
    defect: error => defects.push(error),
  }
}
