import type { UpstreamResponse } from '../../core/call.ts'
import type { ErrorToken } from '../../core/errors.ts'
import type { Answer, Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import { failureRejection, reject, replyHeaders } from '../reply.ts'
import { CallerSink } from './caller-sink.ts'

/** Enough of an answer nobody needs is read to keep its connection; beyond it the connection is cut. */
const discardBytes = 64 * 1024

/**
 * Primary and First: one leg's answer goes to the caller as it comes. Under Primary that leg is `from`;
 * under First it is the first to answer below 400, and the others are cancelled.
 */
export class StreamedAnswer implements Answer {
  readonly #exchange: Exchange
  readonly #first: boolean
  #sink: CallerSink | undefined
  /** Under First: refusals, kept in case that nobody succeeds. */
  #refusals: { readonly leg: Leg; readonly response: UpstreamResponse }[] | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#first = exchange.route.answer.success === 'First'
  }

  responded(leg: Leg, response: UpstreamResponse): void {
    if (this.#first) this.#race(leg, response)
    else if (leg.compiled.index === this.#exchange.route.answer.from) this.#stream(leg, response)
    else leg.drain(response)
  }

  #race(leg: Leg, response: UpstreamResponse): void {
    if (this.#sink) return leg.drain(response)
    if (response.status >= 400) {
      this.#refusals ??= []
      this.#refusals.push({ leg, response })
      leg.complete(response.status)
      return
    }
    this.#dropRefusals()
    this.#stream(leg, response)
    this.#exchange.cancelAwaited('client_cancelled', 'another upstream was first', leg)
  }

  #dropRefusals(): void {
    for (const { response } of this.#refusals ?? []) response.discard(discardBytes)
    this.#refusals = undefined
  }

  #stream(leg: Leg, response: UpstreamResponse): void {
    this.#sink = new CallerSink(this.#exchange, leg, response)
    if (this.#exchange.callerGone) this.#sink.callerLeft()
    response.pipe(this.#sink)
    this.#sink.flush()
  }

  ended(leg: Leg): void {
    const exchange = this.#exchange
    if (this.#sink) return
    if (!this.#first) {
      const decides = leg.compiled.index === exchange.route.answer.from
      if (decides) this.#fail(leg.compiled.name, leg.token || 'relay_internal')
      return
    }
    if (exchange.awaitedOpen > 0) return
    const refusal = this.#refusals?.shift()
    if (refusal) {
      this.#dropRefusals()
      this.#stream(refusal.leg, refusal.response)
    } else {
      const failed = exchange.awaited.find(({ outcome }) => outcome === 'failure') ?? leg
      this.#fail(failed.compiled.name, failed.token || 'relay_internal')
    }
  }

  #fail(name: string, error: ErrorToken): void {
    const { parts, request, response, head, route, awaited } = this.#exchange
    const more = replyHeaders(parts, head.requestId, 'failed', awaited)
    reject(parts, request, response, failureRejection(name, error), head.requestId, route.id, more)
  }

  callerLeft(): void {
    this.#sink?.callerLeft()
    this.#dropRefusals()
  }
}
