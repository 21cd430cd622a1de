import type { Clock } from '../core/clock.ts'
import type { Observer, RouteOutcome } from '../core/observer.ts'
import { givenRequestId } from './request-id.ts'

/** Where requests are put down that no route is asked about. */
export interface Books {
  readonly clock: Clock
  readonly observer: Pick<Observer, 'unmatched' | 'accessLog' | 'tracing'>
  /** For requests that bring no valid id of their own. */
  readonly nextRequestId: () => string
}

/** As much of a request as could be read. */
export interface Known {
  /** '' = unknown, like `path`. */
  readonly method?: string | undefined
  /** Without the query. */
  readonly path?: string
  /** As it came, names and values alternating; absent where there is no head. */
  readonly rawHeaders?: readonly string[]
}

export interface Entry {
  readonly requestId: string
  /** `status` 0 = the caller left before the answer. `code` is that of a refusal. Ending twice does nothing. */
  end(status: number, outcome: RouteOutcome, code?: string): void
}

/** Puts a request into the books that the relay answers without a route. */
export const openEntry = ({ clock, observer, nextRequestId }: Books, known: Known): Entry => {
  const { unmatched, accessLog, tracing } = observer
  const { method = '', path = '', rawHeaders } = known
  const requestId = (rawHeaders && givenRequestId(rawHeaders)) ?? nextRequestId()
  const startedAt = clock.now()
  const span = rawHeaders && tracing?.request(method, '', rawHeaders, path || undefined)
  let isOpen = true
  unmatched.started()
  return {
    requestId,
    end: (status, outcome, code) => {
      if (!isOpen) return
      isOpen = false
      const durationMs = clock.now() - startedAt
      unmatched.ended(method, status, outcome, durationMs)
      span?.end(status, outcome)
      if (!accessLog?.wants(outcome)) return
      const traceparent = span?.traceparent ?? (rawHeaders && traceparentOf(rawHeaders))
      const summary = {
        requestId,
        route: '',
        method,
        path,
        status,
        outcome,
        code,
        durationMs,
        traceparent,
        legs: [],
      }
      accessLog.exchange(summary)
    },
  }
}

/** Two of them name no trace (W3C Trace Context §3.2.1); the log looks at whether one is valid. */
const traceparentOf = (rawHeaders: readonly string[]): string | undefined => {
  const isName = (field: string, i: number): boolean => i % 2 === 0 && field.toLowerCase() === 'traceparent'
  const at = rawHeaders.findIndex(isName)
  return at >= 0 && at === rawHeaders.findLastIndex(isName) ? rawHeaders[at + 1] : undefined
}
