import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { StreamedBody } from '../core/call.ts'

/** What an awaited reader may have waiting before the caller is slowed down to its pace. */
const awaitedBufferBytes = 64 * 1024
/** How far a copy may lag behind before it is given up. */
export const copyLagBytes = 256 * 1024

interface ReaderOptions {
  readonly awaited: boolean
  /** Called when a copy lagged too far and was dropped. */
  readonly onLag: () => void
}

interface TeeEvents {
  /** The caller's connection closed before the end of the body. */
  readonly onCut: () => void
  /** No reader is left, and the caller may have much to send yet. */
  readonly onDeserted: () => void
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
  #onDeserted: (() => void) | undefined

  constructor(source: IncomingMessage, contentLength: number | undefined) {
    this.#source = source
    this.#contentLength = contentLength
  }

  reader(options: ReaderOptions): StreamedBody {
    const body = new LegBody(options, () => this.#pace())
    this.#readers.add(body)
    body.once('close', () => {
      this.#readers.delete(body)
      this.#pace()
    })
    return { contentLength: this.#contentLength, open: () => body, close: () => body.destroy() }
  }

  /** Begins to read the source, after what was read already. Call after every reader has been made. */
  start(first: readonly Buffer[], events: TeeEvents): void {
    for (const chunk of first) this.#pass(chunk)
    this.#onDeserted = events.onDeserted
    // The request itself says nothing when its connection closes after an early answer.
    const { socket } = this.#source
    socket.once('close', events.onCut)
    this.#source.on('data', (chunk: Buffer) => this.#pass(chunk))
    this.#source.once('end', () => {
      this.#ended = true
      socket.off('close', events.onCut)
      for (const reader of this.#readers) reader.push(null)
    })
    this.#pace()
  }

  #pass(chunk: Buffer): void {
    for (const reader of this.#readers) reader.feed(chunk)
    this.#pace()
  }

  #pace(): void {
    if (this.#ended) return
    if (this.#readers.size === 0) {
      this.#onDeserted?.()
      this.#onDeserted = undefined
    }
    const behind = [...this.#readers].some(reader => reader.gates)
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
    if (this.destroyed) return
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
