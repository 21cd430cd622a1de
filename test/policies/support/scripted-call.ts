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
} from '../../../src/core/call.ts'
import { type ErrorToken, type RelayError, relayError } from '../../../src/core/errors.ts'
import type { FakeClock } from '../../support/fake-clock.ts'

/** How one try ends, and when. */
export interface Step {
  /** Until its head or its failure; 0 = at once. */
  readonly afterMs?: number
  readonly status?: number
  readonly headers?: HeaderList
  /** Its body never ends. */
  readonly hung?: boolean
  readonly token?: ErrorToken
  readonly unsent?: boolean
  /** It rejects: a defect of the relay. */
  readonly defect?: Error
}

/** A response that remembers what was done with it. */
export class FakeResponse implements UpstreamResponse {
  readonly contentType = ''
  readonly status: number
  readonly headers: HeaderList
  discardedTo: number | undefined
  cancelled: RelayError | undefined
  ended: ErrorToken | '' | undefined
  readonly #hung: boolean
  readonly #listeners: EndListener[] = []

  constructor({ status = 200, headers = [], hung = false }: Step) {
    this.status = status
    this.headers = headers
    this.#hung = hung
  }

  pipe(sink: BodySink): void {
    sink.end()
    this.#end('')
  }

  resume(): void {}

  discard(limitBytes = Number.POSITIVE_INFINITY): void {
    this.discardedTo = limitBytes
    if (!this.#hung) this.#end('')
  }

  cancel(error: RelayError): void {
    if (this.ended !== undefined) return
    this.cancelled = error
    this.#end(error.token)
  }

  /** The body of a hung one comes after all. */
  arrive(): void {
    this.#end('')
  }

  onEnd(listener: EndListener): void {
    if (this.ended === undefined) this.#listeners.push(listener)
    else listener(this.ended, false)
  }

  #end(error: ErrorToken | ''): void {
    if (this.ended !== undefined) return
    this.ended = error
    for (const listener of this.#listeners) listener(error, false)
  }
}

/** One try as the script saw it. */
export interface SeenTry {
  readonly at: number
  readonly request: LegRequest
  readonly context: CallContext
  /** Once its head was there. */
  response: FakeResponse | undefined
  /** Why it was stopped before that. */
  cancelled: RelayError | undefined
  over: boolean
}

/** Stands for everything below the policy under test; beyond the last step it repeats that. */
export const scriptedCall = (
  clock: FakeClock,
  steps: readonly Step[],
): { readonly call: Call; readonly tries: SeenTry[] } => {
  const tries: SeenTry[] = []
  const call: Call = (request, context) => {
    const step = steps[Math.min(tries.length, steps.length - 1)]!
    const seen: SeenTry = {
      at: clock.now(),
      request,
      context,
      response: undefined,
      cancelled: undefined,
      over: false,
    }
    tries.push(seen)
    context.attempts++
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        seen.over = true
        resolve(outcome)
      }
      const under: Cancellable = {
        cancel: error => {
          if (seen.response) return seen.response.cancel(error)
          if (seen.over) return
          seen.cancelled = error
          stopTimer()
          context.running = undefined
          settle({ kind: 'failure', error })
        },
      }
      context.running = under
      const finish = (): void => {
        if (step.defect) return reject(step.defect)
        if (step.token) {
          context.running = undefined
          const error = relayError(step.token, 'scripted')
          return settle({ kind: 'failure', error: step.unsent ? { ...error, unsent: true } : error })
        }
        const response = new FakeResponse(step)
        seen.response = response
        response.onEnd(() => {
          if (context.running === under) context.running = undefined
        })
        settle({ kind: 'response', response })
      }
      let stopTimer = (): void => {}
      if (step.afterMs) stopTimer = clock.after(step.afterMs, finish)
      else finish()
    })
  }
  return { call, tries }
}
