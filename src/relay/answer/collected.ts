import type { UpstreamResponse } from '../../core/call.ts'
import type { RouteOutcome } from '../../core/observer.ts'
import { decide, type Verdict } from '../decide.ts'
import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import { passedHeaders, replyHeaders, sendWhole, type WholeStatus } from '../reply.ts'
import type { Answer } from './answer.ts'
import { envelope } from './envelope.ts'
import { sendFailure } from './failure.ts'
import { merge } from './merge.ts'

/** Answers made of whole leg answers: Envelope, Merge, and an upstream's answer under All, Any and Quorum. */
export class CollectedAnswer implements Answer {
  readonly #exchange: Exchange
  #answered = false

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  responded(leg: Leg, response: UpstreamResponse): void {
    if (this.#answered) leg.drain(response)
    else leg.collect(response)
  }

  ended(leg: Leg): void {
    if (this.#answered) return
    const exchange = this.#exchange
    const { answer } = exchange.route
    if (answer.success === 'First' && leg.outcome === 'success')
      exchange.cancelAwaited('client_cancelled', 'another upstream was first', leg)
    if (this.#answered) return
    const verdict = decide(answer, exchange.awaited)
    // Only an upstream's answer can go out before everybody has ended: the others show every leg.
    const early =
      answer.body === 'Upstream' && (verdict === 'broken' || (verdict && this.#passedOn('success')))
    if (early || exchange.awaitedOpen === 0) this.#send(verdict)
  }

  /** Whose answer body Upstream passes on: that of `from` where it can, so a success waits for it to end. */
  #passedOn(outcome: 'success' | 'failure'): Leg | undefined {
    const { awaited, route } = this.#exchange
    const from = awaited.find(({ compiled }) => compiled.index === route.answer.from)
    if (outcome === 'success' && from?.outcome === 'pending') return undefined
    const fits = (leg: Leg | undefined) => leg?.outcome === outcome && leg.body !== undefined
    return fits(from) ? from : awaited.find(fits)
  }

  callerLeft(): void {}

  #send(verdict: Verdict): void {
    this.#answered = true
    const exchange = this.#exchange
    const { awaited, route } = exchange
    const { body, statuses } = route.answer
    const holds = verdict === 'holds' && (body !== 'Upstream' || this.#passedOn('success') !== undefined)
    const someFailed = awaited.some(({ outcome }) => outcome === 'failure')
    const whole: WholeStatus = !holds ? 'failed' : someFailed ? 'partial_success' : 'success'
    exchange.outcome = outcomes[whole]
    if (exchange.callerGone || exchange.reply.headersSent) return
    const status = statuses[shortNames[whole]]
    if (body === 'Upstream') this.#sendUpstream(whole)
    else if (body === 'Merge' && whole === 'failed') sendFailure(exchange, firstFailed(awaited), status)
    else {
      const { parts, head } = exchange
      const document = body === 'Merge' ? merge(awaited) : envelope(exchange, whole)
      const headers = replyHeaders(parts, head.requestId, whole, awaited)
      sendWhole(exchange, status, headers, 'application/json', document)
    }
  }

  #sendUpstream(whole: WholeStatus): void {
    const { awaited, parts, head, reply, request } = this.#exchange
    const leg = this.#passedOn(whole === 'failed' ? 'failure' : 'success')
    if (!leg) return sendFailure(this.#exchange, firstFailed(awaited))
    const passed = passedHeaders(this.#exchange, leg, leg.status, leg.headers)
    const headers = replyHeaders(parts, head.requestId, whole, awaited, passed)
    const bodyless = request.method === 'HEAD' || leg.status === 204 || leg.status === 304
    if (!bodyless && !hasLength(passed)) headers.push('Content-Length', String(leg.body!.length))
    reply.writeHead(leg.status, headers)
    reply.end(leg.body)
  }
}

const shortNames = { success: 'success', partial_success: 'partial', failed: 'failed' } as const
const outcomes: Readonly<Record<WholeStatus, RouteOutcome>> = shortNames

const firstFailed = (legs: readonly Leg[]): Leg | undefined =>
  legs.find(({ outcome, compiled }) => outcome === 'failure' && compiled.role === 'Required') ??
  legs.find(({ outcome }) => outcome === 'failure')

const hasLength = (headers: readonly string[]): boolean =>
  headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length')
