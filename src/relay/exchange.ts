import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HeaderList, RequestBody, UpstreamResponse } from '../core/call.ts'
import { relayError } from '../core/errors.ts'
import { isSafe } from '../core/methods.ts'
import type { RequestSpan, RouteOutcome } from '../core/observer.ts'
import { Timed } from '../core/timer-list.ts'
import type { PlannedMatch } from '../plan/types.ts'
import type { Answer } from './answer/answer.ts'
import { CollectedAnswer } from './answer/collected.ts'
import { StreamedAnswer } from './answer/streamed.ts'
import { BrokenBody } from './broken-body.ts'
import type { Entry } from './idempotency/answers.ts'
import { claimKey } from './idempotency/claim.ts'
import type { Reply } from './idempotency/recorded-reply.ts'
import { writeInterim } from './interim.ts'
import { Leg } from './leg.ts'
import { dropRest, isLingering } from './linger.ts'
import type { Arrival, RelayParts } from './parts.ts'
import type { Rejection } from './rejection.ts'
import { relayInternal, requestTimeout } from './rejection.ts'
import { reject } from './reply.ts'
import type { RequestHead } from './request-head.ts'
import type { ServingRoute } from './route.ts'
import { summaryOf } from './summary.ts'
import type { RouteTable } from './table.ts'
import type { Tee } from './tee.ts'
import type { Upload } from './upload.ts'

/** One caller's request on its way through a route: owns its legs, its deadline and its place in the books. */
export class Exchange extends Timed {
  readonly parts: RelayParts
  readonly route: ServingRoute
  readonly head: RequestHead
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Legs somebody waits for, in the order of the route. */
  readonly awaited: Leg[] = []
  /** Where the answer goes: to the caller, and into memory when it may be asked for again. */
  reply: Reply
  /** Sent to each leg, with the leg's name behind it. */
  key: string | undefined
  /** Answered from memory. */
  replayed = false
  /** Of the refusal, where there was one. */
  code: string | undefined
  /** The body while it comes in. */
  upload: Upload | undefined
  /** Instant by which the whole must be done; Infinity = nothing bounds it. */
  readonly deadline: number
  readonly span: RequestSpan | undefined
  readonly #table: RouteTable
  readonly #match: PlannedMatch
  readonly #startedAt: number
  readonly #answer: Answer
  /** Until there is an answer to judge, whatever ends the request is the caller's doing. */
  #outcome: RouteOutcome = 'cancelled'
  #copies: Leg[] | undefined
  #open = 0
  #awaitedOpen = 0
  #started = false
  /** In the books. */
  #settled = false
  #closed = false
  #heldBytes = 0
  #entry: Entry | undefined

  constructor(
    { parts, request, response, startedAt }: Arrival,
    table: RouteTable,
    route: ServingRoute,
    match: PlannedMatch,
    head: RequestHead,
  ) {
    super()
    this.parts = parts
    this.route = route
    this.head = head
    this.request = request
    this.response = response
    this.reply = response
    this.#table = table
    this.#match = match
    this.#startedAt = startedAt
    this.deadline = route.timeoutMs > 0 ? startedAt + route.timeoutMs : Number.POSITIVE_INFINITY
    this.#answer = route.answer.streamed ? new StreamedAnswer(this) : new CollectedAnswer(this)
    this.span = parts.observer.tracing?.request(head.method, route.id, head.headers, head.path)
    table.enter()
    parts.budget.inFlight++
    route.observer.started()
    route.timeout?.start(this, startedAt)
    response.on('close', () => this.#onClose())
    response.on('error', error => this.#onError(error))
  }

  now(): number {
    return this.parts.clock.now()
  }

  /** The answer is kept under its key; `entry` is given free when there turns out to be none. */
  remember(entry: Entry, reply: Reply): void {
    this.#entry = entry
    this.reply = reply
  }

  /** There is no answer worth repeating: from now on the same key may try again. */
  forget(): void {
    this.#entry?.abandon()
  }

  /** Counts bytes held for this request against the process's memory until it is over; false = no room. */
  reserve(bytes: number): boolean {
    const { budget } = this.parts
    if (!budget.hasRoomFor(bytes)) return false
    this.#heldBytes += bytes
    budget.bufferedBytes += bytes
    return true
  }

  get outcome(): RouteOutcome {
    return this.#outcome
  }

  /** What is made of an answer that is for nobody changes nothing. */
  set outcome(outcome: RouteOutcome) {
    if (!this.callerGone) this.#outcome = outcome
  }

  /** The caller left, or was told that its body is broken, and nobody else wants the answer. */
  get callerGone(): boolean {
    return this.response.destroyed && !this.#entry
  }

  /** True once the caller has been answered or has left: nothing may begin any more. */
  get answered(): boolean {
    return this.response.headersSent || this.response.destroyed
  }

  /** Sends every leg the same captured body, all at once. */
  fanOut(body: Buffer | null): void {
    const { idempotencyKey } = this.route
    if (idempotencyKey && !claimKey(this, idempotencyKey, body)) return
    this.#fanOut(() => body, undefined)
  }

  /** Sends the body as it comes. `only` names the one awaited leg that gets it, otherwise all do. */
  fanOutStreamed(tee: Tee, chunks: readonly Buffer[], only: number | undefined): void {
    const { idempotencyKey } = this.route
    if (idempotencyKey && !claimKey(this, idempotencyKey, undefined)) return
    this.#fanOut(leg => {
      const { awaited } = leg.compiled
      return tee.reader({ awaited, onLag: () => leg.skip('lag') })
    }, only)
    tee.start(chunks, {
      onCut: () => this.#cancelAll('the caller left before the end of its body'),
      onDeserted: () => dropRest(this.request, this.response),
    })
  }

  /** Copies included: no upstream may take a part of a body for the whole. */
  #cancelAll(detail: string): void {
    this.cancelAwaited('client_cancelled', detail)
    for (const leg of this.#copies ?? []) leg.cancel(relayError('client_cancelled', detail))
  }

  #fanOut(bodyOf: (leg: Leg) => RequestBody, only: number | undefined): void {
    this.#started = true
    const draw = Math.random() * 100
    const { legs } = this.route
    for (const compiled of legs) {
      if (compiled.sample && !compiled.sample(this.head, draw)) continue
      const leg = new Leg(compiled, this)
      this.#open++
      if (compiled.awaited) {
        this.#awaitedOpen++
        this.awaited.push(leg)
      } else {
        this.#copies ??= []
        this.#copies.push(leg)
      }
    }
    // Skipped only once every leg is known: the last one to end concludes the exchange.
    const skipped = only === undefined ? undefined : (leg: Leg) => leg.compiled.index !== only
    const now = this.now()
    for (const leg of this.awaited) this.#start(leg, bodyOf, skipped, now)
    if (this.#copies) for (const leg of this.#copies) this.#start(leg, bodyOf, skipped, now)
  }

  #start(
    leg: Leg,
    bodyOf: (leg: Leg) => RequestBody,
    skipped: ((leg: Leg) => boolean) | undefined,
    now: number,
  ): void {
    const { compiled } = leg
    if (skipped?.(leg)) return leg.skip('oversize')
    if (!compiled.awaited && !this.parts.budget.hasRoomForCopies) return leg.skip('memory')
    if (leg.isOverLimit) return leg.refuse()
    try {
      const request = compiled.buildRequest(this.head, this.#match, bodyOf(leg), this.key)
      leg.start(request, now)
    } catch (defect) {
      this.defect(leg, defect)
    }
  }

  /** A leg's call has the head of its answer. */
  responded(leg: Leg, response: UpstreamResponse): void {
    try {
      if (leg.outcome !== 'pending') response.cancel(relayError('client_cancelled', 'the leg has ended'))
      else if (leg.compiled.awaited) this.#answer.responded(leg, response)
      else leg.drain(response)
    } catch (defect) {
      response.cancel(relayError('relay_internal', String(defect), defect))
      this.#cannotAnswer(leg, defect)
    }
  }

  /** Nothing an upstream or a caller does leads here: this leg fails, and the answer is made without it. */
  defect(leg: Leg, error: unknown): void {
    this.parts.observer.defect(error, this.head.requestId)
    leg.fail(relayError('relay_internal', String(error), error))
  }

  /** As `defect`, where it was the making of the answer that broke. */
  #cannotAnswer(leg: Leg, error: unknown): void {
    this.defect(leg, error)
    if (!leg.compiled.awaited || this.reply.writableEnded) return
    if (this.answered) {
      this.outcome = 'failed'
      this.reply.destroy()
    } else this.refuse(relayInternal)
  }

  informational(leg: Leg, status: number, headers: HeaderList): void {
    const { answer } = this.route
    if (!answer.streamed || leg.compiled.index !== answer.from) return
    writeInterim(this.response, status, headers)
  }

  legEnded(leg: Leg): void {
    this.#open--
    const failed = leg.outcome === 'failure'
    if (failed) this.parts.observer.failed?.(this.head.requestId, this.route.id, leg.summary())
    if (leg.compiled.awaited) {
      this.#awaitedOpen--
      if (this.#awaitedOpen === 0 && this.#closed) this.timerList?.stop(this)
      try {
        this.#answer.ended(leg)
      } catch (defect) {
        this.#cannotAnswer(leg, defect)
      }
    }
    if (this.#settled) {
      const { accessLog } = this.parts.observer
      if (accessLog?.wantsLeg(leg.outcome))
        accessLog.lateLeg(this.head.requestId, this.route.id, leg.summary())
    }
    this.#releaseWhenDone()
  }

  get awaitedOpen(): number {
    return this.#awaitedOpen
  }

  /** Cancels every awaited leg that is still running, but for `except`. */
  cancelAwaited(reason: 'client_cancelled' | 'deadline_exceeded', detail: string, except?: Leg): void {
    for (const leg of this.awaited) if (leg !== except) leg.cancel(relayError(reason, detail))
  }

  refuse(rejection: Rejection): void {
    this.outcome = 'rejected'
    this.code = rejection.code
    this.forget()
    const { response } = this
    const hadBegun = response.headersSent
    reject(this.parts, this.request, response, rejection, this.head.requestId, this.route.id)
    if (!hadBegun && isLingering(response)) this.#settle(this.#outcome)
  }

  override onTimeout(): void {
    // There is an answer, of upstreams or from memory, but the caller does not read.
    if (this.replayed || (this.#started && this.#awaitedOpen === 0)) this.response.destroy()
    else if (!this.#started) this.refuse(requestTimeout)
    else {
      // As much time again for the caller to take what the deadline leaves to be said.
      this.route.timeout?.start(this, this.now())
      this.cancelAwaited('deadline_exceeded', 'timeouts.request of the route passed')
    }
  }

  #onClose(): void {
    const { response, head } = this
    const outcome = this.#outcomeAtClose
    if (!response.writableFinished) {
      // Whoever sent a key may come back for the answer, so it is made all the same.
      if (!this.#entry) this.#answer.callerLeft()
      if (isSafe(head.method)) this.cancelAwaited('client_cancelled', 'the caller left')
    }
    this.#settle(outcome)
    if (this.#awaitedOpen === 0) this.timerList?.stop(this)
    this.upload?.stop()
    this.#closed = true
    this.#releaseWhenDone()
  }

  /** The caller is about to be told that its body is broken. */
  #onError(error: Error): void {
    if (!(error instanceof BrokenBody)) return
    error.requestId = this.head.requestId
    this.outcome = 'rejected'
    this.code = error.code
  }

  /** Once the answer is out: reading off what a refused caller still sends takes no place of others. */
  #settle(outcome: RouteOutcome): void {
    if (this.#settled) return
    this.#settled = true
    const { response, head, parts, route } = this
    parts.budget.inFlight--
    const status = response.headersSent ? response.statusCode : 0
    const durationMs = parts.clock.now() - this.#startedAt
    route.observer.ended(head.method, status, outcome, durationMs)
    this.span?.end(status, outcome, { strategy: route.answer.success, replayed: this.replayed })
    const { accessLog } = parts.observer
    if (accessLog?.wants(outcome))
      accessLog.exchange(summaryOf(this, this.#copies ?? [], { status, outcome, durationMs }))
  }

  /** An answer that failed or was refused is that, whoever left first. */
  get #outcomeAtClose(): RouteOutcome {
    const { outcome, response } = this
    const isLost = !response.writableFinished && (outcome === 'success' || outcome === 'partial')
    return isLost ? 'cancelled' : outcome
  }

  #releaseWhenDone(): void {
    if (!this.#closed || this.#open > 0) return
    // The last leg ends before its answer does, and the answer of a caller that left is still recorded.
    if (this.#entry) queueMicrotask(() => this.#release())
    else this.#release()
  }

  #release(): void {
    this.parts.budget.bufferedBytes -= this.#heldBytes
    this.#heldBytes = 0
    this.#entry?.abandon()
    this.#table.leave()
  }
}
