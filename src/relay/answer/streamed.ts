import type { UpstreamResponse } from '../../core/call.ts'
import { drain } from '../../policies/drain.ts'
import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import type { Answer } from './answer.ts'
import { CallerSink } from './caller-sink.ts'
import { sendFailure } from './failure.ts'

interface Refusal {
  readonly leg: Leg
  readonly response: UpstreamResponse
}

/**
 * Primary and First: one leg's answer goes to the caller as it comes. Under Primary that leg is `from`;
 * under First it is the first to answer below 400, and the others are cancelled.
 */
export class StreamedAnswer implements Answer {
  readonly #exchange: Exchange
  readonly #first: boolean
  #decided = false
  #sink: CallerSink | undefined
  /** Under First: answers that wait, unread and with their legs open, in case that nobody succeeds. */
  #refusals: Refusal[] = []

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#first = exchange.route.answer.success === 'First'
  }

  responded(leg: Leg, response: UpstreamResponse): void {
    if (this.#first) this.#race(leg, response)
    else if (leg.compiled.index === this.#exchange.route.answer.from) this.#pass({ leg, response })
    else leg.drain(response)
  }

  #race(leg: Leg, response: UpstreamResponse): void {
    if (this.#decided) return leg.drain(response)
    if (response.status < 400) {
      this.#pass({ leg, response })
      this.#exchange.cancelAwaited('client_cancelled', 'another upstream was first', leg)
    } else {
      this.#refusals.push({ leg, response })
      this.#settle(leg)
    }
  }

  /** Once all that still run have refused, the first of them is the answer. */
  #settle(last: Leg): void {
    const { awaited, awaitedOpen } = this.#exchange
    if (awaitedOpen > this.#refusals.length) return
    const refusal = this.#refusals.shift()
    if (refusal) this.#pass(refusal)
    else sendFailure(this.#exchange, awaited.find(({ outcome }) => outcome === 'failure') ?? last)
  }

  #pass({ leg, response }: Refusal): void {
    this.#decided = true
    this.#dropRefusals()
    this.#sink = new CallerSink(this.#exchange, leg, response)
    if (this.#exchange.callerGone) this.#sink.callerLeft()
    response.pipe(this.#sink)
    this.#sink.flush()
  }

  #dropRefusals(): void {
    for (const { leg, response } of this.#refusals.splice(0)) {
      drain(response, this.#exchange.parts.clock)
      leg.complete(response.status)
    }
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
