import { headerValue } from '../header-value.ts'
import type { Arrival } from '../parts.ts'
import { withoutFields } from '../without-fields.ts'
import type { RememberedAnswer } from './answers.ts'

/** Fields that belong to the first exchange or its connection, not to the answer. */
const ofTheFirst: ReadonlySet<string> = new Set([
  'connection',
  'date',
  'keep-alive',
  'server-timing',
  'x-request-id',
])

/**
 * Gives the answer of the first request with this key to another one. `legs` are the names of those that would have
 * been awaited: each has its entry in `Server-Timing`, without a time, because nothing was sent.
 */
export const replay = (
  { parts, request, response }: Pick<Arrival, 'parts' | 'request' | 'response'>,
  { status, headers: stored, body }: RememberedAnswer,
  requestId: string,
  legs: readonly string[],
): void => {
  const headers = withoutFields(stored, ofTheFirst)
  const timing = legs.map(name => `${name};desc="replayed"`).join(', ')
  headers.push('X-Request-Id', requestId, 'Server-Timing', timing, 'Idempotent-Replayed', 'true')
  // The first may have gone out in chunks; by now its length is known (RFC 9110 §8.6: none with 204 and 304).
  const hasBody = request.method !== 'HEAD' && status !== 204 && status !== 304
  if (hasBody && headerValue(headers, 'content-length') === undefined)
    headers.push('Content-Length', String(body.length))
  if (parts.draining()) headers.push('Connection', 'close')
  response.writeHead(status, headers)
  response.end(hasBody ? body : undefined)
}
