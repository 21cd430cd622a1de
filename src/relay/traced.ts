import type { Policy } from '../core/call.ts'
import type { AttemptStart, LegSpan } from '../core/observer.ts'
import { startCall } from '../policies/start-call.ts'
import { withoutFields } from './without-fields.ts'

export interface TracedOptions extends Pick<AttemptStart, 'upstream' | 'role' | 'server'> {
  /** Lower-case names of the headers that carry the trace; see `Tracing`. */
  readonly fields: readonly string[]
}

/** One CLIENT span for each try, the time it waits for a slot or a token included. */
export const traced = ({ fields, ...leg }: TracedOptions): Policy => {
  const ownedBySdk = new Set(fields)
  return function tracedPolicy(next) {
    return function traceTry(request, context) {
      if (!context.trace) return next(request, context)
      const { method } = request
      const span = context.trace.attempt({ ...leg, method, number: context.attempts + 1 })
      // The SDK owns the fields that carry the trace: the caller's make way for the span's.
      const headers = [...withoutFields(request.headers, ownedBySdk), ...span.headers]
      return startCall(next, { ...request, headers }, context).then(outcome => {
        if (outcome.kind === 'failure') span.end(0, outcome.error.token)
        else {
          const { response } = outcome
          const { status } = response
          const answered = status >= 400 ? 'http_status' : ''
          response.onEnd((error, stalled) => {
            // As the attempt counts it: a failing answer is that, though nobody read it to its end.
            const isUnwanted = stalled || error === 'client_cancelled'
            span.end(status, isUnwanted ? answered || error : error || answered)
          })
        }
        return outcome
      }, broken(span))
    }
  }
}

/** A defect further in: the span must not stay open. */
const broken =
  (span: LegSpan) =>
  (defect: unknown): never => {
    span.end(0, 'relay_internal')
    throw defect
  }
