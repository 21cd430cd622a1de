import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type {
  BodySink,
  Call,
  CallContext,
  Cancellable,
  EndListener,
  HeaderList,
  LegRequest,
  Outcome,
  UpstreamResponse,
} from '../core/call.ts'
import { type ErrorToken, type RelayError, relayError } from '../core/errors.ts'
import { Timed, type TimerList } from '../core/timer-list.ts'
import { bodyInParts, maxWholeBody } from './body-parts.ts'
import { classify } from './classify.ts'
import { maxResends, mayRepeat } from './resend.ts'
import { endToEndHeaders, isPlainlyCoded } from './response-headers.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** Bytes of a body that wait in the attempt before a sink takes them; beyond it the socket is paused. */
const unreadLimit = 64 * 1024
/** More interim responses than this before the final one are an attack (RFC 9110 §15.2 sets no bound). */
const maxInformational = 64

export interface AttemptOptions {
  readonly dispatcher: UpstreamPool
  /** Times one attempt, connecting included; `undefined` = no limit of its own. */
  readonly timeout: TimerList | undefined
  readonly now: () => number
  readonly observer: AttemptObserver
}

export interface AttemptObserver {
  started(): void
  /** The connection it was given had been closed while it was idle, and it is sent again on another. */
  staleConnection(): void
  /** `status` 0 = no answer; `error` '' = a complete answer below 400. */
  ended(status: number, error: ErrorToken | '', durationMs: number): void
}

type ParsedHeaders = Readonly<Record<string, string | string[] | undefined>>

/** The innermost Call: one request on one connection. */
export const createAttempt = (options: AttemptOptions): Call =>
  function attempt(request, context) {
    const { cancelled } = context
    if (cancelled) return Promise.resolve({ kind: 'failure', error: { ...cancelled, unsent: true } })
    return new Promise(resolve => {
      new Attempt(options, context, resolve).send(request)
    })
  }

/**
 * One object plays every part of an attempt (undici's handler, the response, what can be cancelled and
 * timed), so that a request costs one allocation here and the hot methods stay monomorphic.
 */
class Attempt extends Timed implements Dispatcher.DispatchHandler, UpstreamResponse, Cancellable {
  status = 0
  readonly #options: AttemptOptions
  readonly #context: CallContext
  readonly #resolve: (outcome: Outcome) => void
  readonly #startedAt: number
  #controller: Dispatcher.DispatchController | undefined
  /** Until an answer begins: it may have to be sent again. */
  #request: LegRequest | undefined
  #resends = 0
  /** To a connection that had died: `#controller` is that of the next. */
  #wasSent = false
  #raw: readonly Buffer[] = []
  #parsed: ParsedHeaders = {}
  #headers: HeaderList | undefined
  #sink: BodySink | undefined
  #unread: Buffer[] | undefined
  #unreadBytes = 0
  #informational = 0
  #done = false
  #error: RelayError | undefined
  #listener: EndListener | undefined
  #upload: Readable | undefined
  /** Its sink takes no more for now, or there is none yet and enough has come. */
  #paused = false
  /** Decided when it is cancelled: whose turn it was then. */
  #stalled = false
  #cancelled: RelayError | undefined

  constructor(options: AttemptOptions, context: CallContext, resolve: (outcome: Outcome) => void) {
    super()
    this.#options = options
    this.#context = context
    this.#resolve = resolve
    this.#startedAt = options.now()
  }

  send(request: LegRequest): void {
    const { dispatcher, timeout, observer } = this.#options
    this.#context.running = this
    this.#context.attempts++
    timeout?.start(this, this.#startedAt)
    observer.started()
    const { body } = request
    if (body !== null && !Buffer.isBuffer(body)) this.#upload = body.open()
    this.#request = request
    this.#dispatch(request, dispatcher)
  }

  /**
   * A connection ends with HEAD, as undici has it by default: a body that an upstream sends there against RFC 9110
   * §9.3.2 would be the answer to whatever is sent next.
   */
  #dispatch({ method, path, headers, body }: LegRequest, to: Dispatcher): void {
    const inParts = Buffer.isBuffer(body) && body.length > maxWholeBody
    to.dispatch(
      {
        method: method as Dispatcher.HttpMethod,
        path,
        headers: (inParts ? [...headers, 'content-length', String(body.length)] : headers) as string[],
        body: inParts ? bodyInParts(body) : (this.#upload ?? (body as Buffer | null)),
      },
      this,
    )
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled) controller.abort(abortion)
  }

  /** The first byte is there: whatever happens now, the upstream has read the request. */
  onResponseStarted(): void {
    this.#request = undefined
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, parsed: ParsedHeaders): void {
    const raw = controller.rawHeaders as Buffer[]
    if (!isPlainlyCoded(raw)) return this.cancel(relayError('http_protocol_error', 'unknown transfer coding'))
    // Less than 100 would pass for an interim response; 101 is an answer to a question never asked.
    if (status < 100 || status > 999 || status === 101)
      return this.cancel(relayError('http_protocol_error', `status ${status}`))
    if (status < 200) return this.#interim(status, endToEndHeaders(raw, status))
    this.status = status
    this.#raw = raw
    this.#parsed = parsed
    this.#resolve({ kind: 'response', response: this })
  }

  get contentType(): string {
    const type = this.#parsed['content-type'] ?? ''
    return typeof type === 'string' ? type : type[0]!
  }

  /** Made when asked for: nobody reads the headers of a copy's answer. */
  get headers(): HeaderList {
    this.#headers ??= endToEndHeaders(this.#raw, this.status)
    return this.#headers
  }

  #interim(status: number, headers: HeaderList): void {
    if (++this.#informational > maxInformational)
      this.cancel(relayError('http_protocol_error', 'too many interim responses'))
    else this.#context.informational?.(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink) {
      if (this.#sink.data(chunk)) return
      this.#paused = true
      controller.pause()
      return
    }
    this.#unread ??= []
    this.#unread.push(chunk)
    this.#unreadBytes += chunk.length
    if (this.#unreadBytes <= unreadLimit) return
    this.#paused = true
    controller.pause()
  }

  onResponseEnd(): void {
    this.#finish(this.status >= 400 ? 'http_status' : '')
    this.#sink?.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#sendAgain(error)) return
    const found = this.#cancelled ?? classify(error, { headReceived: this.status !== 0 })
    this.#fail(this.#sinceSent(found))
  }

  /**
   * After a connection that had been kept turns out dead: no failure of the upstream, so no policy hears of it, and
   * the deadlines go on.
   */
  #sendAgain(error: Error): boolean {
    const request = this.#request
    if (!request || this.#upload || this.#done || this.#cancelled || this.#resends === maxResends)
      return false
    const { dispatcher, observer } = this.#options
    const vacancy = dispatcher.vacancy(error)
    if (!vacancy || (this.#controller && !mayRepeat(request, error))) return false
    this.#resends++
    observer.staleConnection()
    if (this.#controller) {
      this.#controller = undefined
      this.#wasSent = true
      this.#dispatch(request, vacancy)
    } else {
      // By then the pool has heard of all that ended together with this one, as when an upstream is started anew.
      setImmediate(() => {
        if (!this.#done) this.#dispatch(request, dispatcher)
      })
    }
    return true
  }

  #sinceSent(error: RelayError): RelayError {
    return this.#controller || this.#wasSent ? error : { ...error, unsent: true }
  }

  override onTimeout(): void {
    const token = this.#controller ? 'http_response_timeout' : 'connection_timeout'
    this.cancel(relayError(token, 'timeouts.backendRequest passed'))
  }

  cancel(error: RelayError): void {
    if (this.#done || this.#cancelled) return
    this.#cancelled = this.#waitsForCaller ? { ...error, stalled: true } : error
    this.#stalled = this.#cancelled.stalled === true
    if (this.#controller) this.#controller.abort(abortion)
    // Still queued or connecting: undici has no way to take it back, so `onRequestStart` aborts it.
    else this.#fail(this.#sinceSent(error))
  }

  pipe(sink: BodySink): void {
    const unread = this.#unread
    this.#unread = undefined
    // What is known to be broken by now is not begun.
    if (this.#error) return sink.error(this.#error)
    this.#sink = sink
    this.#paused = false
    let flowing = true
    if (unread) for (const chunk of unread) flowing = sink.data(chunk)
    this.#paused = !flowing
    // The sink has cut it, and has been told so.
    if (this.#error) return
    if (this.#done) sink.end()
    else if (flowing) this.#controller?.resume()
  }

  onEnd(listener: EndListener): void {
    if (this.#done) return listener(this.#error?.token ?? '', this.#stalled)
    const earlier = this.#listener
    this.#listener = earlier
      ? (error, stalled) => {
          earlier(error, stalled)
          listener(error, stalled)
        }
      : listener
  }

  resume(): void {
    this.#paused = false
    if (!this.#done) this.#controller?.resume()
  }

  /** Nobody takes what is there, or the upstream has read all there is of the body and more is to come. */
  get #waitsForCaller(): boolean {
    const upload = this.#upload
    return this.#paused || (upload !== undefined && !upload.readableEnded && upload.readableLength === 0)
  }

  discard(limitBytes = Number.POSITIVE_INFINITY): void {
    let bytes = 0
    this.pipe({
      data: chunk => {
        bytes += chunk.length
        if (bytes > limitBytes) this.cancel(relayError('client_cancelled', 'answer not needed'))
        return true
      },
      end: nothing,
      error: nothing,
    })
  }

  #fail(error: RelayError): void {
    if (this.#done) return
    this.#error = error
    this.#finish(this.#isUnwanted(error) ? 'http_status' : error.token)
    if (this.status === 0) this.#resolve({ kind: 'failure', error })
    else this.#sink?.error(error)
  }

  /** It had failed by its status, and what was cut is only the rest that nobody read: the upstream did that no worse. */
  #isUnwanted({ token, stalled }: RelayError): boolean {
    return this.status >= 400 && (token === 'client_cancelled' || stalled === true)
  }

  #finish(error: ErrorToken | ''): void {
    this.#done = true
    this.timerList?.stop(this)
    if (this.#context.running === this) this.#context.running = undefined
    this.#options.observer.ended(this.status, error, this.#options.now() - this.#startedAt)
    this.#listener?.(this.#error?.token ?? '', this.#stalled)
  }
}

const nothing = (): void => {}
/** undici wants an Error to abort with; the reason travels as a RelayError, so one object serves all. */
const abortion = new Error('aborted by the relay')
