import type {
  BodySink,
  CallContext,
  Cancellable,
  HeaderList,
  LegRequest,
  StreamedBody,
  UpstreamResponse,
} from '../core/call.ts'
import { type ErrorToken, type RelayError, relayError } from '../core/errors.ts'
import type { LegOutcome, LegSummary, RequestSpan, SkipReason } from '../core/observer.ts'
import { Timed } from '../core/timer-list.ts'
import { fullRetryAfterMs } from '../policies/local-refusal.ts'
import type { Exchange } from './exchange.ts'
import type { CompiledLeg } from './route.ts'

/** One upstream's part of one request, from its dispatch to the last byte of its answer. */
export class Leg extends Timed implements CallContext, BodySink {
  running: Cancellable | undefined
  cancelled: RelayError | undefined
  attempts = 0
  deadline = Number.POSITIVE_INFINITY
  readonly trace: RequestSpan | undefined
  outcome: LegOutcome = 'pending'
  status = 0
  token: ErrorToken | '' = ''
  detail = ''
  /** When another try may succeed, of a leg that a limit or a breaker refused. */
  retryAfterMs: number | undefined
  durationMs = 0
  /** The collected answer, once the leg has ended with one. */
  body: Buffer | undefined
  readonly compiled: CompiledLeg
  readonly #exchange: Exchange
  #startedAt = 0
  #response: UpstreamResponse | undefined
  #chunks: Buffer[] | undefined
  #bytes = 0
  #counted = false
  #streamed: StreamedBody | undefined

  constructor(compiled: CompiledLeg, exchange: Exchange) {
    super()
    this.compiled = compiled
    this.#exchange = exchange
    this.trace = exchange.span
  }

  start(request: LegRequest, now: number): void {
    const { compiled } = this
    this.#startedAt = now
    // Of a copy its own alone: the caller's deadline is not meant for it.
    if (compiled.timeoutMs > 0) this.deadline = now + compiled.timeoutMs
    if (compiled.awaited) this.deadline = Math.min(this.deadline, this.#exchange.deadline)
    if (request.body !== null && !Buffer.isBuffer(request.body)) this.#streamed = request.body
    compiled.state.inFlight++
    this.#counted = true
    compiled.timeout?.start(this, this.#startedAt)
    compiled.call(request, this).then(
      outcome => {
        if (outcome.kind === 'failure') this.fail(outcome.error)
        else this.#exchange.responded(this, outcome.response)
      },
      defect => this.#exchange.defect(this, defect),
    )
  }

  /** 0 for a leg that never began. */
  get #elapsedMs(): number {
    return this.#counted ? this.#exchange.now() - this.#startedAt : 0
  }

  get isOverLimit(): boolean {
    const { inFlight, maxInFlight } = this.compiled.state
    return inFlight >= maxInFlight
  }

  /** Too many in flight: an awaited leg fails, a copy is dropped; both are counted. */
  refuse(): void {
    if (this.compiled.awaited) {
      this.compiled.observer.refused('connection_limit_reached')
      this.retryAfterMs = fullRetryAfterMs
      this.#end('failure', 'connection_limit_reached', 'too many requests in flight on this upstream')
    } else this.skip('limit')
  }

  skip(reason: SkipReason): void {
    if (this.outcome !== 'pending') return
    this.compiled.observer.skipped(reason)
    this.#end('skipped', '', reason)
    this.running?.cancel(relayError('client_cancelled', reason))
  }

  cancel(error: RelayError): void {
    if (this.outcome !== 'pending') return
    this.cancelled ??= error
    this.running?.cancel(error)
  }

  override onTimeout(): void {
    this.cancel(relayError('deadline_exceeded', 'timeouts.request of the leg passed'))
  }

  informational(status: number, headers: HeaderList): void {
    this.#exchange.informational(this, status, headers)
  }

  /** Reads the answer into memory, up to the route's limit. */
  collect(response: UpstreamResponse): void {
    this.#begin(response)
    this.#chunks = []
    response.pipe(this)
  }

  /** Reads the answer and drops it. */
  drain(response: UpstreamResponse): void {
    this.#begin(response)
    response.pipe(this)
  }

  #begin(response: UpstreamResponse): void {
    this.#response = response
    this.status = response.status
  }

  data(chunk: Buffer): boolean {
    if (!this.#chunks) return true
    this.#bytes += chunk.length
    if (this.#bytes > this.#exchange.route.maxBodyBytes)
      this.#giveUp(relayError('body_too_large', 'the answer exceeds limits.maxBodySize'))
    else if (!this.#exchange.reserve(chunk.length))
      this.#giveUp(relayError('connection_limit_reached', 'the relay holds as many bytes as it may'))
    else this.#chunks.push(chunk)
    return true
  }

  /** The leg ends first: its answer may have arrived whole, and then there is nothing left to cancel. */
  #giveUp(error: RelayError): void {
    const response = this.#response
    this.fail(error)
    response?.cancel(error)
  }

  end(): void {
    const chunks = this.#chunks
    if (chunks) this.body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, this.#bytes)
    this.complete(this.status)
  }

  error(error: RelayError): void {
    this.fail(error)
  }

  /** The whole answer has been read. */
  complete(status: number): void {
    this.status = status
    if (status < 400) this.#end('success', '', '')
    else this.#end('failure', 'http_status', `status ${status}`)
  }

  fail(error: RelayError): void {
    this.retryAfterMs = error.retryAfterMs
    const cancelled = error.token === 'client_cancelled'
    this.#end(cancelled ? 'cancelled' : 'failure', error.token, error.detail)
  }

  #end(outcome: LegOutcome, error: ErrorToken | '', detail: string): void {
    if (this.outcome !== 'pending') return
    this.outcome = outcome
    this.token = error
    this.detail = detail
    this.durationMs = this.#elapsedMs
    this.timerList?.stop(this)
    this.#chunks = undefined
    if (this.#counted) this.compiled.state.inFlight--
    this.#streamed?.close()
    this.#exchange.legEnded(this)
  }

  /** Of the answer that was collected. */
  get headers(): HeaderList {
    return this.#response?.headers ?? []
  }

  get contentType(): string {
    return this.#response?.contentType ?? ''
  }

  summary(): LegSummary {
    const { name, role } = this.compiled
    const pending = this.outcome === 'pending'
    return {
      name,
      role,
      outcome: this.outcome,
      status: this.status,
      error: this.token,
      detail: this.detail,
      durationMs: pending ? this.#elapsedMs : this.durationMs,
      attempts: this.attempts,
    }
  }
}
