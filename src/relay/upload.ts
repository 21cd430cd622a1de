import type { Exchange } from './exchange.ts'
import { bodyTooLarge, overloaded } from './rejection.ts'
import { Tee } from './tee.ts'

/**
 * Takes a request's body in: whole into one Buffer up to `limits.maxBodySize`, and beyond that as the route
 * says. Starts the fan-out once it is known what the legs get.
 */
export class Upload {
  readonly #exchange: Exchange
  readonly #chunks: Buffer[] = []
  /** Counted against the memory of the process while the body comes in. */
  #reserved = 0
  #bytes = 0

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  receive({ expectsContinue }: { readonly expectsContinue: boolean }): void {
    const exchange = this.#exchange
    const { maxBodyBytes, onOversize } = exchange.route
    const declared = exchange.head.contentLength
    const large = declared !== undefined && declared > maxBodyBytes
    if (large && onOversize === 'Reject') return exchange.refuse(bodyTooLarge(maxBodyBytes))
    this.#reserved = large ? 0 : (declared ?? maxBodyBytes)
    if (!exchange.reserve(this.#reserved))
      return exchange.refuse(expectsContinue ? { ...overloaded, close: true } : overloaded)
    // Only now is it certain that the body will be read.
    if (expectsContinue) exchange.response.writeContinue()
    if (large) this.#stream()
    else if (declared === undefined) this.#captureChunked()
    else this.#captureDeclared(declared)
  }

  /** Ends with the last byte, not a turn of the event loop later with 'end'. */
  #captureDeclared(declared: number): void {
    this.#exchange.request.on('data', (chunk: Buffer) => {
      this.#take(chunk)
      if (this.#bytes === declared) this.#captured()
    })
  }

  #captureChunked(): void {
    const { request, route } = this.#exchange
    const take = (chunk: Buffer): void => {
      this.#take(chunk)
      if (this.#bytes <= route.maxBodyBytes) return
      request.off('data', take).off('end', end).pause()
      this.#overflowed()
    }
    const end = (): void => this.#captured()
    request.on('data', take).on('end', end)
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  #captured(): void {
    const exchange = this.#exchange
    const chunks = this.#chunks.splice(0)
    if (exchange.answered) return
    exchange.reserve(this.#bytes - this.#reserved)
    if (this.#bytes === 0) exchange.fanOut(null)
    else exchange.fanOut(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#bytes))
  }

  #overflowed(): void {
    const exchange = this.#exchange
    if (exchange.answered) return
    exchange.reserve(-this.#reserved)
    const { maxBodyBytes, onOversize } = exchange.route
    if (onOversize === 'Reject') exchange.refuse(bodyTooLarge(maxBodyBytes))
    else this.#stream()
  }

  #stream(): void {
    const { request, route, head } = this.#exchange
    const only = route.onOversize === 'StreamPrimary' ? route.answer.from : undefined
    const tee = new Tee(request, head.contentLength)
    this.#exchange.fanOutStreamed(tee, this.#chunks.splice(0), only)
  }
}
