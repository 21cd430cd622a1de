import type { ServerResponse } from 'node:http'
import type { HeaderList } from '../../core/call.ts'
import { headerValue } from '../header-value.ts'
import type { Entry } from './answers.ts'

/** What answers need of a ServerResponse. */
export interface Reply {
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed: boolean
  writeHead(status: number, headers: string[]): unknown
  flushHeaders(): void
  /** False asks to wait for 'drain'. */
  write(chunk: Buffer): boolean
  end(chunk?: Buffer): unknown
  once(event: 'drain', listener: () => void): unknown
  destroy(): unknown
}

export interface Recording {
  readonly entry: Pick<Entry, 'finish' | 'abandon'>
  /** Whether an answer of this status settles the request, so that repeating it is right. */
  readonly isFinal: (status: number) => boolean
  /** Answers with longer bodies are passed on, but not remembered. */
  readonly maxBodyBytes: number
  /** Counts bytes that are kept against the process's memory; false = no room. */
  readonly reserve: (bytes: number) => boolean
}

/**
 * Passes an answer on to its caller and keeps a copy. When the caller leaves, the recording goes on: whoever
 * lost an answer is the one who asks again. Its key is held to the end of the answer, remembered or not, so
 * that nobody begins anew while the first is under way.
 */
export class RecordedReply implements Reply {
  readonly #response: ServerResponse
  readonly #recording: Recording
  #status = 0
  #headers: HeaderList = []
  /** `undefined` once the body is not, or no longer, worth keeping. */
  #chunks: Buffer[] | undefined = []
  #bytes = 0
  #hasBody = true
  #ended = false
  #destroyed = false

  constructor(response: ServerResponse, recording: Recording) {
    this.#response = response
    this.#recording = recording
  }

  /** True as well when the head went nowhere but into the record. */
  get headersSent(): boolean {
    return this.#status !== 0
  }

  get writableEnded(): boolean {
    return this.#ended
  }

  /** False when the caller has left: the answer is still wanted. */
  get destroyed(): boolean {
    return this.#destroyed
  }

  get #callerLeft(): boolean {
    return this.#response.destroyed
  }

  writeHead(status: number, headers: string[]): void {
    if (!this.#callerLeft) this.#response.writeHead(status, headers)
    this.#status = status
    this.#headers = headers
    this.#hasBody = this.#response.req.method !== 'HEAD' && status !== 204 && status !== 304
    const declared = this.#hasBody ? Number(headerValue(headers, 'content-length') ?? 0) : 0
    if (!this.#recording.isFinal(status) || declared > this.#recording.maxBodyBytes) this.#chunks = undefined
  }

  flushHeaders(): void {
    if (!this.#callerLeft) this.#response.flushHeaders()
  }

  write(chunk: Buffer): boolean {
    this.#keep(chunk)
    return this.#callerLeft || this.#response.write(chunk)
  }

  /** Only after `write` returned false. A caller that leaves makes room as well: for all the rest. */
  once(_event: 'drain', listener: () => void): void {
    const response = this.#response
    const goOn = (): void => {
      response.off('drain', goOn).off('close', goOn)
      listener()
    }
    response.on('drain', goOn).on('close', goOn)
  }

  end(chunk?: Buffer): void {
    if (this.#ended || this.#destroyed) return
    this.#ended = true
    if (chunk) this.#keep(chunk)
    this.#conclude()
    if (!this.#callerLeft) this.#response.end(chunk)
  }

  /** The answer is cut short: nobody may take what there is of it for the whole. */
  destroy(): void {
    this.#destroyed = true
    this.#chunks = undefined
    this.#recording.entry.abandon()
    this.#response.destroy()
  }

  #keep(chunk: Buffer): void {
    if (!this.#chunks || !this.#hasBody) return
    this.#bytes += chunk.length
    if (this.#bytes <= this.#recording.maxBodyBytes && this.#recording.reserve(chunk.length))
      this.#chunks.push(chunk)
    else this.#chunks = undefined
  }

  #conclude(): void {
    const { entry } = this.#recording
    const chunks = this.#chunks
    this.#chunks = undefined
    if (!chunks || !this.headersSent) return entry.abandon()
    entry.finish({ status: this.#status, headers: this.#headers, body: joined(chunks, this.#bytes) })
  }
}

/** In memory of its own: a slice would keep alive, and out of the count, whatever it was cut from. */
const joined = (chunks: readonly Buffer[], bytes: number): Buffer => {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(whole, at)
  return whole
}
