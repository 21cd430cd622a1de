import type { Dispatcher, Pool } from 'undici'
import type { CancelTimer, Clock } from '../core/clock.ts'
import { ApiError, type ApiErrorReason } from './api-error.ts'

/** One request and its answer, on one connection. */
export interface ExchangeRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly deadlineMs: number
  readonly silenceMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Takes the answer. What it throws ends the exchange, which rejects with it. */
export interface ExchangeSink {
  head(status: number, headers: AnswerHeaders): void
  data(chunk: Buffer): void
}

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/**
 * Resolves when the answer was read to its end. undici's `dispatch` rather than the watch of client-node, which
 * makes connections anew each time, drops lines it cannot parse without a word and hides status and headers.
 *
 * @throws ApiError `connection`, `tls`, `timeout`, `aborted`, or whatever the sink threw
 */
export const exchange = (
  pool: Pool,
  request: ExchangeRequest,
  sink: ExchangeSink,
  clock: Clock,
): Promise<void> =>
  new Promise((resolve, reject) => {
    new Exchange(request, sink, clock, { resolve, reject }).start(pool)
  })

interface Settle {
  resolve(): void
  reject(error: unknown): void
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest
  readonly #sink: ExchangeSink
  readonly #clock: Clock
  readonly #settle: Settle
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  /** Set once: whatever comes later, of a connection that was given up for example, is not heard. */
  #done = false
  #deadline: CancelTimer = nothing
  #silence: CancelTimer = nothing

  constructor(request: ExchangeRequest, sink: ExchangeSink, clock: Clock, settle: Settle) {
    this.#request = request
    this.#sink = sink
    this.#clock = clock
    this.#settle = settle
  }

  start(pool: Pool): void {
    const { method, path, headers, body, deadlineMs, signal } = this.#request
    if (signal?.aborted) return this.#fail(aborted())
    signal?.addEventListener('abort', this.#abort)
    this.#deadline = this.#clock.after(deadlineMs, () => this.#fail(this.#late('not finished', deadlineMs)))
    pool.dispatch({ method: method as Dispatcher.HttpMethod, path, headers: { ...headers }, body }, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#done) controller.abort(abortion)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (this.#done || status < 200) return
    this.#status = status
    this.#listen()
    this.#guarded(() => this.#sink.head(status, headers))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done) return
    this.#listen()
    this.#guarded(() => this.#sink.data(chunk))
  }

  onResponseEnd(): void {
    // Not at once: undici frees the connection a turn later, and the next request would make another one.
    if (this.#end()) setImmediate(() => setImmediate(this.#settle.resolve))
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const reason = isTlsError(error) ? 'tls' : isTimeout(error) ? 'timeout' : 'connection'
    this.#fail(this.#error(reason, error.message || codeOf(error), error))
  }

  /** A byte came: the silence begins anew. */
  #listen(): void {
    const { silenceMs } = this.#request
    if (silenceMs === undefined) return
    this.#silence()
    this.#silence = this.#clock.after(silenceMs, () => this.#fail(this.#late('silent', silenceMs)))
  }

  #guarded(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#fail(error)
    }
  }

  readonly #abort = (): void => this.#fail(aborted())

  #fail(error: unknown): void {
    if (!this.#end()) return
    // Still queued or connecting: undici cannot take it back, so `onRequestStart` aborts it.
    this.#controller?.abort(abortion)
    this.#settle.reject(error)
  }

  /** False when it had ended before. */
  #end(): boolean {
    if (this.#done) return false
    this.#done = true
    this.#deadline()
    this.#silence()
    this.#request.signal?.removeEventListener('abort', this.#abort)
    return true
  }

  #late(what: string, ms: number): ApiError {
    return this.#error('timeout', `${this.#status === 0 ? 'no answer' : what} for ${Math.round(ms / 1000)} s`)
  }

  #error(reason: ApiErrorReason, message: string, cause?: unknown): ApiError {
    return new ApiError(reason, message, { status: this.#status, cause })
  }
}

const nothing = (): void => {}
/** undici wants an Error to abort with; nobody sees it. */
const abortion = new Error('given up')

const aborted = (): ApiError => new ApiError('aborted', 'given up')

const codeOf = (error: unknown): string => {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

const isTimeout = (error: Error): boolean => ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'].includes(codeOf(error))

const tlsCode = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|EPROTO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/
const isTlsError = (error: Error): boolean => tlsCode.test(codeOf(error))
