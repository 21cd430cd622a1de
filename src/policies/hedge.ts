import type {
  Call,
  CallContext,
  Cancellable,
  HeaderList,
  LegRequest,
  Outcome,
  Policy,
  UpstreamResponse,
} from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import { type RelayError, relayError } from '../core/errors.ts'
import type { PolicyObserver, RequestSpan } from '../core/observer.ts'
import { Timed, type TimerList } from '../core/timer-list.ts'
import { drain } from './drain.ts'
import { mayResend } from './replayable.ts'
import type { RetryBudget } from './retry-budget.ts'
import { startCall } from './start-call.ts'

export interface HedgeOptions {
  /** How long the youngest try may be without an answer before another is started beside it. */
  readonly delay: TimerList
  /** Tries of one call, the first included. */
  readonly maxParallel: number
  /** Lower-case name of the header that makes any method safe to repeat. */
  readonly keyHeader: string
  /** That of the route: pays for each try beyond the first. */
  readonly budget: RetryBudget
  /** True while a try would be refused without being sent. */
  readonly refuses?: () => boolean
  readonly clock: Clock
  readonly observer: Pick<PolicyObserver, 'hedged' | 'budgetSpent'>
}

/**
 * Starts another try beside one that is slow, for requests that may reach the upstream twice. The first
 * answer below 500 wins, judged by its head; the others are cancelled. A try that fails, or is answered 500 or
 * more, waits for those beside it. When all have ended so, or the leg's time is up, the last answer is the outcome,
 * and where there is none, the last failure. A failure while nothing else runs is the outcome at once: to send
 * again after a failure is what retry is for. When the budget refuses a try, that call gets no further ones.
 */
export const hedge = (options: HedgeOptions): Policy => {
  const replay = { keyHeader: options.keyHeader, nonIdempotent: false }
  return function hedgePolicy(next) {
    return function callHedged(request, context) {
      if (!mayResend(request, replay)) return next(request, context)
      return new Promise((resolve, reject) => {
        new Hedged(options, next, request, context, { resolve, reject }).start()
      })
    }
  }
}

interface Settle {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (defect: unknown) => void
}

/** One call with all its tries. */
class Hedged extends Timed implements Cancellable {
  readonly #options: HedgeOptions
  readonly #next: Call
  readonly #request: LegRequest
  readonly #context: CallContext
  readonly #settle: Settle
  readonly #tries: Try[] = []
  readonly #attemptsBefore: number
  #open = 0
  #settled = false
  /** Of 500 or more: it waits, unread, for a better one. */
  #held: UpstreamResponse | undefined
  /** It has arrived to its end: no deadline can take it away. */
  #heldIsWhole = false

  constructor(options: HedgeOptions, next: Call, request: LegRequest, context: CallContext, settle: Settle) {
    super()
    this.#options = options
    this.#next = next
    this.#request = request
    this.#context = context
    this.#attemptsBefore = context.attempts
    this.#settle = settle
  }

  start(): void {
    this.#context.running = this
    this.#begin()
  }

  override onTimeout(): void {
    const { budget, observer, delay, clock, refuses } = this.#options
    // Beside one that waits for a slot or a token itself, another could only wait behind it.
    if (this.#someWait) {
      delay.start(this, clock.now())
      return
    }
    if (refuses?.()) return
    if (!budget.spend()) return observer.budgetSpent()
    observer.hedged()
    this.#begin()
  }

  /** Not every try has been sent. */
  get #someWait(): boolean {
    return this.#context.attempts - this.#attemptsBefore < this.#tries.length
  }

  #begin(): void {
    const { delay, clock, maxParallel } = this.#options
    const begun = new Try(this.#context, this.#tries.length === 0)
    this.#tries.push(begun)
    this.#open++
    if (this.#tries.length < maxParallel) delay.start(this, clock.now())
    startCall(this.#next, this.#request, begun).then(
      outcome => this.#ended(begun, outcome),
      defect => this.#broke(defect),
    )
  }

  #ended(ended: Try, outcome: Outcome): void {
    ended.open = false
    this.#open--
    const answer = outcome.kind === 'response' ? outcome.response : undefined
    if (this.#settled) {
      if (answer) this.#drop(answer)
    } else if (answer && this.#open > 0 && answer.status >= 500) this.#hold(answer)
    else if (answer || this.#open === 0) {
      const held = this.#takeHeld()
      this.#finish()
      if (answer && held) this.#drop(held)
      this.#settle.resolve(!answer && held ? { kind: 'response', response: held } : outcome)
    }
  }

  /** Its slot may be what another try waits for. */
  #hold(answer: UpstreamResponse): void {
    const worse = this.#takeHeld()
    if (worse) this.#drop(worse)
    if (this.#someWait) return this.#drop(answer)
    this.#held = answer
    this.#heldIsWhole = false
    answer.onEnd(error => {
      if (this.#held !== answer) return
      if (error === '') this.#heldIsWhole = true
      else this.#held = undefined
    })
  }

  #takeHeld(): UpstreamResponse | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }

  #drop(answer: UpstreamResponse): void {
    drain(answer, this.#options.clock)
  }

  /** Once the call is decided nobody listens any more, so a defect goes on to the top and is reported there. */
  #broke(defect: unknown): void {
    if (this.#settled) throw defect
    const held = this.#takeHeld()
    if (held) this.#drop(held)
    this.#finish()
    this.#settle.reject(defect)
  }

  #finish(): void {
    this.#settled = true
    this.timerList?.stop(this)
    if (this.#open === 0) return
    const error = relayError('client_cancelled', 'another try was answered first')
    for (const one of this.#tries) if (one.open) one.running?.cancel(error)
  }

  /** The leg is stopped: while tries run, or while the body of the one that won is read. */
  cancel(error: RelayError): void {
    if (!this.#settled) {
      this.#settled = true
      this.timerList?.stop(this)
      const held = this.#heldIsWhole && error.token !== 'client_cancelled' ? this.#takeHeld() : undefined
      this.#settle.resolve(held ? { kind: 'response', response: held } : { kind: 'failure', error })
    }
    for (const one of this.#tries) one.running?.cancel(error)
  }
}

/** What one try sees of its leg. */
class Try implements CallContext {
  running: Cancellable | undefined
  /** Its outcome is not known yet. */
  open = true
  readonly #leg: CallContext
  readonly #isFirst: boolean

  constructor(leg: CallContext, isFirst: boolean) {
    this.#leg = leg
    this.#isFirst = isFirst
  }

  get attempts(): number {
    return this.#leg.attempts
  }

  set attempts(count: number) {
    this.#leg.attempts = count
  }

  get cancelled(): RelayError | undefined {
    return this.#leg.cancelled
  }

  get deadline(): number {
    return this.#leg.deadline
  }

  get trace(): RequestSpan | undefined {
    return this.#leg.trace
  }

  /** Of the first try alone: the caller must not read the same hints once for each. */
  informational(status: number, headers: HeaderList): void {
    if (this.#isFirst) this.#leg.informational?.(status, headers)
  }
}
