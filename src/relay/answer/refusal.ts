import type { BodySink, UpstreamResponse } from '../../core/call.ts'
import type { RelayError } from '../../core/errors.ts'
import { drain } from '../../policies/drain.ts'
import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'

/** What an attempt would hold of an answer by itself, so no smaller `limits.maxBodySize` makes it less. */
const leastHeldBytes = 64 * 1024

/**
 * Under First: an answer that waits in case that nobody succeeds. It is read meanwhile, so that its leg ends when
 * its upstream does, no time of the leg's runs on, and the deadline cannot take it away. What goes beyond
 * `limits.maxBodySize` waits at the upstream, and such an answer is lost when the time of its leg is up.
 */
export class Refusal implements BodySink {
  readonly leg: Leg
  readonly response: UpstreamResponse
  readonly #exchange: Exchange
  readonly #onCut: (refusal: Refusal) => void
  #chunks: Buffer[] = []
  #bytes = 0

  /** `onCut` is called before the leg fails: then this is no answer any more. */
  constructor(exchange: Exchange, leg: Leg, response: UpstreamResponse, onCut: (refusal: Refusal) => void) {
    this.#exchange = exchange
    this.leg = leg
    this.response = response
    this.#onCut = onCut
  }

  /** Its answer has not been read to the end. */
  get isOpen(): boolean {
    return this.leg.outcome === 'pending'
  }

  /** Begins to read. */
  hold(): void {
    this.leg.status = this.response.status
    this.response.pipe(this)
  }

  /** Nobody waits for it any more. */
  drop(): void {
    this.#chunks = []
    if (!this.isOpen) return
    drain(this.response, this.#exchange.parts.clock)
    this.leg.complete(this.response.status)
  }

  /** Hands over what has been read, and all that follows. */
  passTo(sink: BodySink): void {
    const chunks = this.#chunks
    this.#chunks = []
    for (const chunk of chunks) sink.data(chunk)
    this.response.pipe(sink)
  }

  data(chunk: Buffer): boolean {
    const { route } = this.#exchange
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const isFull = this.#bytes > Math.max(route.maxBodyBytes, leastHeldBytes)
    return this.#exchange.reserve(chunk.length) && !isFull
  }

  end(): void {
    this.leg.complete(this.response.status)
  }

  error(error: RelayError): void {
    this.#chunks = []
    this.#onCut(this)
    this.leg.fail(error)
  }
}
