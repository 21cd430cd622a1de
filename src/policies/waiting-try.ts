import type { Call, CallContext, Cancellable, LegRequest, Outcome } from '../core/call.ts'
import type { RelayError } from '../core/errors.ts'
import type { PolicyObserver } from '../core/observer.ts'
import { startCall } from './start-call.ts'
import { Waiter } from './waiter-queue.ts'

/** What all tries that wait for the same thing have in common. */
export interface Waiting {
  /** What a try does when its turn has come. */
  readonly send: Call
  /** Takes a try that was given up out of its queue, if it is in one. */
  readonly leave: (waiter: Waiter) => void
  readonly observer: Pick<PolicyObserver, 'queued' | 'refused'>
}

/** A try of which nothing has been sent yet. While it waits, it is what its leg has under way. */
export class WaitingTry extends Waiter implements Cancellable {
  isOver = false
  readonly #waiting: Waiting
  readonly #request: LegRequest
  readonly #context: CallContext
  readonly #settle: (outcome: Outcome | Promise<Outcome>) => void
  #isCounted = false

  constructor(
    waiting: Waiting,
    request: LegRequest,
    context: CallContext,
    settle: (outcome: Outcome | Promise<Outcome>) => void,
  ) {
    super()
    this.#waiting = waiting
    this.#request = request
    this.#context = context
    this.#settle = settle
    context.running = this
  }

  /** From now on it counts among those that wait. */
  count(): void {
    this.#isCounted = true
    this.#waiting.observer.queued(1)
  }

  override go(): void {
    this.#end()
    this.#settle(startCall(this.#waiting.send, this.#request, this.#context))
  }

  cancel(error: RelayError): void {
    if (this.isOver) return
    this.#end()
    this.#waiting.leave(this)
    this.#waiting.observer.refused(error.token)
    this.#settle({ kind: 'failure', error: { ...error, unsent: true } })
  }

  /** It need not wait: this is what becomes of it. */
  conclude(outcome: Outcome | Promise<Outcome>): void {
    this.#end()
    this.#settle(outcome)
  }

  #end(): void {
    this.isOver = true
    if (this.#context.running === this) this.#context.running = undefined
    if (this.#isCounted) this.#waiting.observer.queued(-1)
  }
}
