import { Timed } from '../core/timer-list.ts'
import type { Exchange } from './exchange.ts'
import type { Arrival } from './parts.ts'
import { bodyStalled, bodyTooLarge, overloaded } from './rejection.ts'
import { Tee } from './tee.ts'

/**
 * Takes a request's body in: whole into one Buffer up to `limits.maxBodySize`, and beyond that as the route
 * says. Starts the fan-out once it is known what the legs get.
 */
export class Upload extends Timed {
  readonly #exchange: Exchange
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #bytes = 0

  constructor(exchange: Exchange) {
    super()
    this.#exchange = exchange
    this.#limit = Math.min(exchange.route.maxBodyBytes, exchange.parts.budget.maxBufferedBytes)
    exchange.upload = this
  }

  receive({ expectsContinue, startedAt }: Pick<Arrival, 'expectsContinue' | 'startedAt'>): void {
    const exchange = this.#exchange
    const { parts, route } = exchange
    const declared = exchange.head.contentLength
    const large = declared !== undefined && declared > this.#limit
    if (large && route.onOversize === 'Reject') return exchange.refuse(bodyTooLarge(this.#limit))
    if (!parts.budget.hasRoomForBody(large ? 0 : (declared ?? 0)))
      return exchange.refuse(expectsContinue ? { ...overloaded, close: true } : overloaded)
    // Only now is it certain that the body will be read.
    if (expectsContinue) exchange.response.writeContinue()
    if (large) return this.#stream()
    parts.stalled.start(this, startedAt)
    if (declared === undefined) this.#captureChunked()
    else this.#captureDeclared(declared)
  }

  stop(): void {
    this.timerList?.stop(this)
  }

  override onTimeout(): void {
    if (!this.#exchange.answered) this.#exchange.refuse(bodyStalled)
  }

  /** Ends with the last byte, not a turn of the event loop later with 'end'. */
  #captureDeclared(declared: number): void {
    this.#exchange.request.on('data', (chunk: Buffer) => {
      if (!this.#take(chunk)) return
      if (this.#bytes === declared) this.#captured()
      else this.#wait()
    })
  }

  #captureChunked(): void {
    const { request } = this.#exchange
    const take = (chunk: Buffer): void => {
      if (!this.#take(chunk)) return
      if (this.#bytes <= this.#limit) return this.#wait()
      request.off('data', take).off('end', end).pause()
      this.#overflowed()
    }
    const end = (): void => this.#captured()
    request.on('data', take).on('end', end)
  }

  /** False once the request has been answered: what still comes is only read off. */
  #take(chunk: Buffer): boolean {
    const exchange = this.#exchange
    if (exchange.answered) return false
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes <= this.#limit && !exchange.reserve(chunk.length)) {
      this.#chunks.length = 0
      exchange.refuse(overloaded)
      return false
    }
    return true
  }

  /** For more: the minute counts from now. */
  #wait(): void {
    this.stop()
    this.#exchange.parts.stalled.start(this, this.#exchange.now())
  }

  #captured(): void {
    this.stop()
    const chunks = this.#chunks.splice(0)
    if (this.#exchange.answered) return
    if (this.#bytes === 0) this.#exchange.fanOut(null)
    else this.#exchange.fanOut(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#bytes))
  }

  #overflowed(): void {
    this.stop()
    const exchange = this.#exchange
    const { onOversize } = exchange.route
    if (onOversize === 'Reject') exchange.refuse(bodyTooLarge(this.#limit))
    else this.#stream()
  }

  #stream(): void {
    const { request, route, head } = this.#exchange
    const only = route.onOversize === 'StreamPrimary' ? route.answer.from : undefined
    const tee = new Tee(request, head.contentLength)
    this.#exchange.fanOutStreamed(tee, this.#chunks.splice(0), only)
  }
}
