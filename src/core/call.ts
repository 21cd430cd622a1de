import type { Readable } from 'node:stream'
import type { ErrorToken, RelayError } from './errors.ts'
import type { RequestSpan } from './observer.ts'

/** Names and values alternating, in wire order, as they were received: `['Accept', '*\/*', 'Cookie', …]`. */
export type HeaderList = readonly string[]

/** What a leg puts on the wire. Legs that change nothing share `headers` and `body` by reference. */
export interface LegRequest {
  readonly method: string
  /** Path and query, byte for byte (latin1), beginning with `/`. */
  readonly path: string
  readonly headers: HeaderList
  readonly body: RequestBody
}

/** `null` = none; a Buffer = captured whole, so it can be sent again; otherwise a stream that is sent once. */
export type RequestBody = Buffer | null | StreamedBody

export interface StreamedBody {
  /** Declared size, or `undefined` when the caller used chunked coding. */
  readonly contentLength: number | undefined
  /** Opens this leg's reader. Called once. */
  open(): Readable
  /** Ends this leg's reader; those of other legs go on. */
  close(): void
}

/** Something under way that can be stopped; stopping twice does nothing. */
export interface Cancellable {
  cancel(error: RelayError): void
}

/** One leg of one request: how a call is stopped from outside and what it reports on the way. */
export interface CallContext {
  /** Set by whoever makes a call that can be stopped; read by whoever stops the leg. */
  running: Cancellable | undefined
  /** Why the leg was stopped: between two steps nothing runs that could be told, so none may begin. */
  readonly cancelled: RelayError | undefined
  /** Attempts sent so far; whoever sends one counts it here. */
  attempts: number
  /** Instant of the relay's clock by which the leg must be done; Infinity = nothing bounds it. */
  readonly deadline: number
  /** Parent of the spans of attempts; `undefined` = not traced. */
  readonly trace: RequestSpan | undefined
  /** 102 and 103 responses (RFC 9110 §15.2), before the final one. Absent where nobody could use them. */
  informational?(status: number, headers: HeaderList): void
}

/** Sends one request. Resolves for every expected failure; a rejection is a defect of the relay. */
export type Call = (request: LegRequest, context: CallContext) => Promise<Outcome>

/** Puts behaviour around a call. Policies are composed when a table is built, never per request. */
export type Policy = (next: Call) => Call

/** `policies` in the order in which a request meets them: the first is outermost. */
export const compose = (policies: readonly Policy[], innermost: Call): Call =>
  policies.reduceRight((next, policy) => policy(next), innermost)

export type Outcome =
  | { readonly kind: 'response'; readonly response: UpstreamResponse }
  | { readonly kind: 'failure'; readonly error: RelayError }

/** The head of an answer, with its body still to be read. Every response must be piped or discarded. */
export interface UpstreamResponse {
  readonly status: number
  readonly headers: HeaderList
  /** Empty when there is none: by itself, because most who ask need no other field. */
  readonly contentType: string
  /** Hands what has arrived and all that follows to the sink; what an earlier sink was given does not come again. */
  pipe(sink: BodySink): void
  /** Continues after a sink's `data` returned false. */
  resume(): void
  /** Reads to the end and drops it, so that the connection can be used again; past `limitBytes` it is cut. */
  discard(limitBytes?: number): void
  /** Stops reading and closes the upstream's connection. */
  cancel(error: RelayError): void
  /** Calls back once, when the answer has been read to its end ('') or was cut; at once if that has been. */
  onEnd(listener: EndListener): void
}

/** `stalled`: it was the caller that was waited for when the answer was cut, not the upstream. */
export type EndListener = (error: ErrorToken | '', stalled: boolean) => void

/** Where a response body goes. After `end` or `error` nothing follows. */
export interface BodySink {
  /** Returns false to ask for a pause until `resume()`. */
  data(chunk: Buffer): boolean
  end(): void
  error(error: RelayError): void
}
