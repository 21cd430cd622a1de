import type {
  Call,
  CallContext,
  Cancellable,
  EndListener,
  LegRequest,
  Outcome,
  UpstreamResponse,
} from '../../../src/core/call.ts'
import { type ErrorToken, type RelayError, relayError } from '../../../src/core/errors.ts'

export const aRequest = (path = '/'): LegRequest => ({ method: 'GET', path, headers: [], body: null })

export const aContext = (deadline = Number.POSITIVE_INFINITY): CallContext => ({
  running: undefined,
  cancelled: undefined,
  attempts: 0,
  deadline,
  trace: undefined,
})

/** The innermost Call of a test: every request waits until the test says what becomes of it. */
export const manualUpstream = (): { readonly call: Call; readonly sent: Sent[] } => {
  const sent: Sent[] = []
  const call: Call = (request, context) => {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    sent.push(new Sent(request, context, resolve, reject))
    return promise
  }
  return { call, sent }
}

/** One request under way, behaving as an attempt does. */
export class Sent implements Cancellable, UpstreamResponse {
  status = 0
  readonly headers = []
  readonly contentType = ''
  readonly request: LegRequest
  readonly throws: (defect: unknown) => void
  /** How many asked to be told of the end. */
  listeners = 0
  readonly #context: CallContext
  readonly #resolve: (outcome: Outcome) => void
  #end: ErrorToken | '' | undefined
  #listener: EndListener | undefined

  constructor(
    request: LegRequest,
    context: CallContext,
    resolve: (outcome: Outcome) => void,
    reject: (defect: unknown) => void,
  ) {
    this.request = request
    this.#context = context
    this.#resolve = resolve
    this.throws = reject
    context.running = this
    context.attempts++
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** The head arrives. */
  head(status: number): void {
    this.status = status
    this.#resolve({ kind: 'response', response: this })
  }

  /** The body has been read to its end, or was cut. */
  end(error: ErrorToken | '' = ''): void {
    if (this.isOver) return
    this.#end = error
    if (this.#context.running === this) this.#context.running = undefined
    this.#listener?.(error, false)
  }

  /** Head and body at once. */
  answer(status: number): void {
    this.head(status)
    this.end()
  }

  fail(token: ErrorToken): void {
    this.cancel(relayError(token, 'as the test wants it'))
  }

  cancel(error: RelayError): void {
    if (this.isOver) return
    this.end(error.token)
    if (this.status === 0) this.#resolve({ kind: 'failure', error })
  }

  onEnd(listener: EndListener): void {
    this.listeners++
    if (this.#end !== undefined) listener(this.#end, false)
    else this.#listener = listener
  }

  pipe(): void {}
  resume(): void {}
  discard(): void {}
}

/** Lets everything that promises have set going come to rest. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** What policies tell, as text, in order. */
export const policyObserver = () => {
  const events: string[] = []
  const waiting = { now: 0 }
  return {
    events,
    waiting,
    refused: (error: ErrorToken) => void events.push(`refused ${error}`),
    rateLimited: () => void events.push('rateLimited'),
    queued: (change: 1 | -1) => {
      waiting.now += change
    },
  }
}

/** A token, or a status: short to compare. */
export const brief = (outcome: Outcome): string =>
  outcome.kind === 'failure' ? outcome.error.token : String(outcome.response.status)
