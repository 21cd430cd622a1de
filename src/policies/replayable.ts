import type { LegRequest } from '../core/call.ts'
import { isSafe } from '../core/methods.ts'

export interface ReplayOptions {
  /** Lower-case name of the header whose presence makes any method safe to repeat. */
  readonly keyHeader: string
  /** Repeat any method: the route's author says that the upstream does not mind. */
  readonly nonIdempotent: boolean
}

/** Whether the request may reach the upstream twice. */
export const mayResend = (request: LegRequest, { keyHeader, nonIdempotent }: ReplayOptions): boolean =>
  mayResendUnsent(request) && (nonIdempotent || isSafe(request.method) || carries(request, keyHeader))

/** Whether the request can be sent again when nothing of it has been: a streamed body is gone once opened. */
export const mayResendUnsent = ({ body }: LegRequest): boolean => body === null || Buffer.isBuffer(body)

/** An empty value identifies nothing. */
const carries = ({ headers }: LegRequest, name: string): boolean => {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.length === name.length && headers[i]!.toLowerCase() === name) return headers[i + 1] !== ''
  return false
}
