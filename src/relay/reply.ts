import type { IncomingMessage, ServerResponse } from 'node:http'
import { type RelayError, statusOfError } from '../core/errors.ts'
import { markEnding } from './ending.ts'
import type { Exchange } from './exchange.ts'
import type { Leg } from './leg.ts'
import { answerEarly, linger } from './linger.ts'
import type { RelayParts } from './parts.ts'
import { proxyStatus } from './proxy-status.ts'
import { type Rejection, retryAfter } from './rejection.ts'
import { withoutFields } from './without-fields.ts'

export type WholeStatus = 'success' | 'partial_success' | 'failed'

/** Adds the fields of every relayed answer to those that the upstream sent or the body needs. */
export const replyHeaders = (
  parts: RelayParts,
  requestId: string,
  status: WholeStatus,
  legs: readonly Leg[],
  headers: string[] = [],
): string[] => {
  headers.push('X-Request-Id', requestId, 'X-FanOut-Status', status)
  const timing = serverTiming(legs)
  if (timing !== '') headers.push('Server-Timing', timing)
  if (parts.draining()) headers.push('Connection', 'close')
  return headers
}

/**
 * What an upstream said, to be passed on; RFC 9110 §7.6.3: every intermediary appends itself. What answers HEAD
 * tells of a body that it does not have, and a caller that asked otherwise would wait for it (RFC 9112 §6.3).
 */
export const passedHeaders = (
  { parts, request }: Exchange,
  { compiled }: Leg,
  status: number,
  upstream: readonly string[],
): string[] => {
  const lacksBody = compiled.method === 'HEAD' && request.method !== 'HEAD'
  const headers = lacksBody ? withoutFields(upstream, ofBody) : upstream.slice()
  if (lacksBody && status !== 204 && status !== 304) headers.push('Content-Length', '0')
  headers.push('Via', `1.1 ${parts.pseudonym}`)
  return headers
}

const ofBody: ReadonlySet<string> = new Set(['content-length', 'content-encoding'])

/**
 * One entry a leg: `inventory;dur=38, crm;dur=1500;desc="http_response_timeout", audit;desc="pending"`. A leg that
 * failed is described by its error, one that came to no end of its own by its outcome.
 */
const serverTiming = (legs: readonly Leg[]): string => {
  let text = ''
  for (const { compiled, outcome, durationMs, token } of legs) {
    if (text !== '') text += ', '
    text += compiled.name
    if (outcome !== 'pending' && outcome !== 'skipped') text += `;dur=${Math.round(durationMs * 10) / 10}`
    if (outcome !== 'success') text += `;desc="${outcome === 'failure' ? token : outcome}"`
  }
  return text
}

/**
 * Answers with a document of the relay's own, whole. HEAD is not told its length: what GET would have made of the
 * legs' answers is not known (RFC 9110 §8.6).
 */
export const sendWhole = (
  { reply, request }: Pick<Exchange, 'reply' | 'request'>,
  status: number,
  headers: string[],
  contentType: string,
  body: Buffer,
): void => {
  headers.push('Content-Type', contentType)
  if (request.method !== 'HEAD') headers.push('Content-Length', String(body.length))
  reply.writeHead(status, headers)
  reply.end(body)
}

interface Failure {
  /** Its upstream, or the route when no leg is to blame. */
  readonly name: string
  readonly error: RelayError['token']
  /** Overrides the status that goes with the failure. */
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
}

/** No leg can answer: the failure of one of them becomes the answer (RFC 9457, RFC 9209). */
export const failureRejection = ({ name, error, status, retryAfterMs }: Failure): Rejection => ({
  status: status ?? statusOfError(error),
  code: error,
  title: 'Upstream failed',
  detail: `Upstream "${name}" failed: ${error}.`,
  close: false,
  headers: ['Proxy-Status', `fanout-relay; error=${error}`, ...retryAfter(retryAfterMs)],
})

/** Sends a problem document; `route` is absent when none took the request. */
export const reject = (
  parts: RelayParts,
  request: IncomingMessage,
  response: ServerResponse,
  rejection: Rejection,
  requestId: string | undefined,
  route?: string,
  more: readonly string[] = [],
): void => {
  if (response.headersSent || response.destroyed) return
  const { status, code, title, detail, extensions, close } = rejection
  const problem = { type: 'about:blank', title, status, detail, code, route, requestId, ...extensions }
  const body = Buffer.from(JSON.stringify(problem))
  const headers = ['Content-Type', 'application/problem+json', 'Content-Length', String(body.length), ...more]
  if (requestId !== undefined && !more.includes('X-Request-Id')) headers.push('X-Request-Id', requestId)
  if (rejection.headers) headers.push(...rejection.headers)
  if (!headers.includes('Proxy-Status')) headers.push('Proxy-Status', proxyStatus(status, code))
  const ends = close || parts.draining()
  if (ends && !headers.includes('Connection')) headers.push('Connection', 'close')
  if (ends) markEnding(request.socket)
  response.writeHead(status, headers)
  if (request.complete) response.end(body)
  else if (ends) linger(request, response, body)
  else answerEarly(request, response, body)
}
