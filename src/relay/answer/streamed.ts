import type { UpstreamResponse } from '../../core/call.ts'
import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import type { Answer } from './answer.ts'
import { CallerSink } from './caller-sink.ts'
import { sendFailure } from './failure.ts'
import { Refusal } from './refusal.ts'

/**
 * Primary and First: one leg's answer goes to the caller as it comes. Under Primary that leg is `from`;
 * under First it is the first to answer below 400, and the others are cancelled.
 */
export class StreamedAnswer implements Answer {
  readonly #exchange: Exchange
  readonly #first: boolean
  #decided = false
  #sink: CallerSink | undefined
  /** Under First, in the order in which they came. */
  readonly #refusals: Refusal[] = []

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#first = exchange.route.answer.success === 'First'
  }

  responded(leg: Leg, response: UpstreamResponse): void {
    if (this.#first) this.#race(leg, response)
    else if (leg.compiled.index === this.#exchange.route.answer.from) this.#pass(leg, response)
    else leg.drain(response)
  }

  #race(leg: Leg, response: UpstreamResponse): void {
    const { callerGone } = this.#exchange
    if (this.#decided || (callerGone && response.status >= 400)) return leg.drain(response)
    if (response.status < 400) {
      this.#pass(leg, response)
      this.#exchange.cancelAwaited('client_cancelled', 'another upstream was first', leg)
      return
    }
    const refusal = new Refusal(this.#exchange, leg, response, cut => this.#forget(cut))
    this.#refusals.push(refusal)
    this.#settle(leg)
    if (!this.#decided) refusal.hold()
  }

  /** Once all that still run have refused, the first of them is the answer. */
  #settle(last: Leg): void {
    const { awaited, awaitedOpen } = this.#exchange
    if (awaitedOpen > this.#refusals.filter(({ isOpen }) => isOpen).length) return
    const refusal = this.#refusals.shift()
    if (refusal) this.#pass(refusal.leg, refusal.response, refusal)
    else sendFailure(this.#exchange, awaited.find(({ outcome }) => outcome === 'failure') ?? last)
  }

  /** `held` is what has been read of it before. */
  #pass(leg: Leg, response: UpstreamResponse, held?: Refusal): void {
    this.#decided = true
    this.#dropRefusals()
    this.#sink = new CallerSink(this.#exchange, leg, response)
    if (this.#exchange.callerGone) this.#sink.callerLeft()
    if (held) held.passTo(this.#sink)
    else response.pipe(this.#sink)
    this.#sink.flush()
  }

  #forget(refusal: Refusal): void {
    const at = this.#refusals.indexOf(refusal)
    if (at >= 0) this.#refusals.splice(at, 1)
  }

  #dropRefusals(): void {
    for (const refusal of this.#refusals.splice(0)) refusal.drop()
  }

  ended(leg: Leg): void {
    if (this.#decided) return
    if (this.#first) this.#settle(leg)
    else if (leg.compiled.index === this.#exchange.route.answer.from) sendFailure(this.#exchange, leg)
  }

  callerLeft(): void {
    this.#sink?.callerLeft()
    this.#dropRefusals()
  }
}
