import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { StreamedBody } from '../core/call.ts'

/** What an awaited reader may have waiting before the caller is slowed down to its pace. */
const awaitedBufferBytes = 64 * 1024
/** How far a copy may lag behind before it is given up. */
export const copyLagBytes = 256 * 1024

export interface TeeReader extends StreamedBody {
  /** Ends this reader; the others go on. */
  close(): void
}

interface ReaderOptions {
  readonly awaited: boolean
  /** Called when a copy lagged too far and was dropped. */
  readonly onLag: () => void
}

/**
 * One request body for several upstreams, in constant memory. Awaited readers gate the source: the slowest
 * sets the pace. A copy never does; one that falls behind is dropped.
 */
export class Tee {
  readonly #source: IncomingMessage
  readonly #contentLength: number | undefined
  readonly #readers = new Set<LegBody>()
  #ended = false

  constructor(source: IncomingMessage, contentLength: number | undefined) {
    this.#source = source
    this.#contentLength = contentLength
  }

  reader(options: ReaderOptions): TeeReader {
    const body = new LegBody(options, () => this.#pace())
    this.#readers.add(body)
    body.once('close', () => {
      this.#readers.delete(body)
      this.#pace()
    })
    return { contentLength: this.#contentLength, open: () => body, close: () => body.destroy() }
  }

  /** Begins to read the source, after what was read already. Call after every reader has been made. */
  start(first: readonly Buffer[]): void {
    for (const chunk of first) this.#pass(chunk)
    this.#source.on('data', (chunk: Buffer) => this.#pass(chunk))
    this.#source.once('end', () => {
      this.#ended = true
      for (const reader of this.#readers) reader.push(null)
    })
    this.#pace()
  }

  /** The caller left: no upstream may take what came so far for the whole. */
  abort(): void {
    for (const reader of this.#readers) reader.destroy(new Error('the caller left'))
  }

  #pass(chunk: Buffer): void {
    for (const reader of this.#readers) reader.feed(chunk)
    this.#pace()
  }

  #pace(): void {
    if (this.#ended) return
    const behind = [...this.#readers].some(reader => reader.gates)
    // With nobody left to wait for, the rest is read and dropped, as far as the answer's end allows.
    if (behind) this.#source.pause()
    else this.#source.resume()
  }
}

class LegBody extends Readable {
  gates = false
  readonly #options: ReaderOptions
  readonly #onDemand: () => void

  constructor(options: ReaderOptions, onDemand: () => void) {
    super({ highWaterMark: awaitedBufferBytes })
    this.#options = options
    this.#onDemand = onDemand
  }

  feed(chunk: Buffer): void {
    const wantsMore = this.push(chunk)
    if (this.#options.awaited) this.gates = !wantsMore
    else if (this.readableLength > copyLagBytes) {
      this.#options.onLag()
      this.destroy()
    }
  }

  override _read(): void {
    if (!this.gates) return
    this.gates = false
    this.#onDemand()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.gates = false
    callback(error)
  }
}
