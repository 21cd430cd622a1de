import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteObserver } from '../core/observer.ts'
import { markEnding } from './ending.ts'
import { answerEarly, linger } from './linger.ts'
import { givenRequestId } from './request-id.ts'

export interface RefusalsOptions {
  readonly now: () => number
  /** Counts them: they belong to no route yet. */
  readonly unmatched: RouteObserver
  /** True once the process has been told to stop: answers then end their connections. */
  readonly draining: () => boolean
  /** For requests that bring no valid id of their own. */
  readonly nextRequestId: () => string
  /** More than this many do not wait. Defaults to 10,000. */
  readonly maxHeld?: number
  /** Nobody waits longer for the refusal. Defaults to 1 s. */
  readonly maxHoldMs?: number
}

interface Held {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly expectsContinue: boolean
  readonly since: number
  answered: boolean
  next: Held | undefined
}

/** Of the time of a turn, for writing refusals; reading their requests costs about as much again. */
const share = 0.05

/**
 * Answers 503 to requests there is no time for. A refusal costs about a sixth of a relayed request, so callers that
 * ask again at once could keep the CPU busy with nothing else. So refusals get a bounded share of each turn;
 * those beyond it wait, and their callers with them, at most `maxHoldMs`.
 */
export class Refusals {
  /** Refused so far, those held included. */
  total = 0
  held = 0
  readonly #options: Required<RefusalsOptions>
  #first: Held | undefined
  #last: Held | undefined
  /** The first that came in this turn: whether its body came along is only known at the end of it. */
  #fresh: Held | undefined

  constructor(options: RefusalsOptions) {
    this.#options = { maxHeld: 10_000, maxHoldMs: 1_000, ...options }
  }

  add(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { now, unmatched } = this.#options
    const held: Held = { request, response, expectsContinue, since: now(), answered: false, next: undefined }
    if (this.#last) this.#last.next = held
    else this.#first = held
    this.#last = held
    this.#fresh ??= held
    this.held++
    this.total++
    unmatched.started()
  }

  /** At the end of a turn that lasted `turnMs`: answers as many as their share of it allows, oldest first. */
  answer(turnMs: number): void {
    if (!this.#first) return
    const { now, maxHeld, maxHoldMs, draining } = this.#options
    const begin = now()
    const until = begin + turnMs * share
    this.#answerUploads()
    for (let held: Held | undefined = this.#first; held; held = this.#first) {
      this.#first = held.next
      if (!held.answered) this.#send(held)
      const mayWait = this.held <= maxHeld && begin - (held.next?.since ?? begin) < maxHoldMs && !draining()
      if (held.next && mayWait && now() >= until) return
    }
    this.#last = undefined
  }

  /** Nobody reads the rest of a body while it waits; it would lie in memory. */
  #answerUploads(): void {
    for (let held = this.#fresh; held; held = held.next) if (!held.request.complete) this.#send(held)
    this.#fresh = undefined
  }

  #send(held: Held): void {
    const { request, response, expectsContinue, since } = held
    held.answered = true
    const { now, unmatched, draining, nextRequestId } = this.#options
    this.held--
    const status = response.destroyed ? 0 : 503
    unmatched.ended(request.method ?? '', status, 'rejected', now() - since)
    if (status === 0) return
    const requestId = givenRequestId(request.rawHeaders) ?? nextRequestId()
    const headers = ['X-Request-Id', requestId, ...common[Math.random() < 0.5 ? 0 : 1]]
    // HTTP/1.0 cannot frame every body, and after Expect the caller chooses whether one comes.
    if (expectsContinue || request.httpVersionMinor === 0 || draining()) {
      markEnding(request.socket)
      response.writeHead(503, [...headers, 'Connection', 'close'])
      linger(request, response, bytes)
    } else {
      response.writeHead(503, headers)
      // As text it goes out in one piece with the head.
      if (request.complete) response.end(text, 'latin1')
      else answerEarly(request, response, bytes)
    }
  }
}

const text = JSON.stringify({
  type: 'about:blank',
  title: 'Overloaded',
  status: 503,
  detail: 'The relay has more requests than time.',
  code: 'overloaded',
})
const bytes = Buffer.from(text)

const headersFor = (retryAfter: string): string[] => [
  'Content-Type',
  'application/problem+json',
  'Content-Length',
  String(bytes.length),
  'Proxy-Status',
  'fanout-relay; error=overloaded',
  'Retry-After',
  retryAfter,
]

/** Two waits, drawn by lot: callers that all came at once do not all come back at once. */
const common = [headersFor('1'), headersFor('2')] as const
