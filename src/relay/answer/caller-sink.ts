import type { BodySink, UpstreamResponse } from '../../core/call.ts'
import type { RelayError } from '../../core/errors.ts'
import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import { passedHeaders, replyHeaders } from '../reply.ts'
import { sendFailure } from './failure.ts'

/** Passes one upstream's answer to the caller: in one write when it is short, else at the caller's pace. */
export class CallerSink implements BodySink {
  readonly #exchange: Exchange
  readonly #leg: Leg
  readonly #upstream: UpstreamResponse
  #first: Buffer | undefined
  #headSent = false
  #gone = false
  #waiting = false

  constructor(exchange: Exchange, leg: Leg, upstream: UpstreamResponse) {
    this.#exchange = exchange
    this.#leg = leg
    this.#upstream = upstream
    leg.status = upstream.status
  }

  /** Sends what is there; called after all that had arrived was handed over, so that a stream starts at once. */
  flush(): void {
    if (this.#headSent || this.#gone) return
    this.#writeHead()
    const { reply } = this.#exchange
    if (this.#first) reply.write(this.#first)
    else reply.flushHeaders()
    this.#first = undefined
  }

  data(chunk: Buffer): boolean {
    if (this.#gone) return true
    if (!this.#headSent && !this.#first) {
      this.#first = chunk
      return true
    }
    this.flush()
    const { reply } = this.#exchange
    if (reply.write(chunk)) return true
    if (!this.#waiting) reply.once('drain', () => this.#continue())
    this.#waiting = true
    return false
  }

  #continue(): void {
    this.#waiting = false
    this.#upstream.resume()
  }

  end(): void {
    const wasSent = this.#headSent
    this.#leg.complete(this.#upstream.status)
    if (this.#gone) return
    if (!wasSent) this.#writeHead()
    this.#exchange.reply.end(wasSent ? undefined : this.#first)
  }

  /** Cut short: once a part is out, ending cleanly would pass it off as the whole. */
  error(error: RelayError): void {
    this.#leg.fail(error)
    this.#exchange.outcome = 'failed'
    if (this.#gone) return
    this.#gone = true
    if (this.#headSent) this.#exchange.reply.destroy()
    else sendFailure(this.#exchange, this.#leg)
  }

  /** The rest is read and dropped, so that a write runs to its end. */
  callerLeft(): void {
    this.#gone = true
    this.#first = undefined
    this.#upstream.resume()
  }

  #writeHead(): void {
    this.#headSent = true
    const { parts, head, reply, awaited } = this.#exchange
    const { status, headers } = this.#upstream
    const holds = status < 400
    const spareFailed = awaited.some(leg => leg.outcome === 'failure')
    const whole = holds ? (spareFailed ? 'partial_success' : 'success') : 'failed'
    this.#exchange.outcome = holds ? (spareFailed ? 'partial' : 'success') : 'failed'
    const passed = passedHeaders(this.#exchange, this.#leg, status, headers)
    reply.writeHead(status, replyHeaders(parts, head.requestId, whole, awaited, passed))
  }
}
