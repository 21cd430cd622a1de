import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusals } from './overload-refusals.ts'

/** The event loop as the overload check sees it; tests bring one they can turn. */
export interface Loop {
  /** Monotonic milliseconds. */
  now(): number
  after(ms: number, callback: () => void): void
  /** Calls back once all I/O that was ready has been handled; a turn lies between two such calls. */
  endOfTurn(callback: () => void): void
}

export interface OverloadOptions {
  readonly loop: Loop
  readonly refusals: Refusals
  /** How long requests may wait for the CPU: beyond it, the rest of a turn is refused. Defaults to 100 ms. */
  readonly maxTurnMs?: number
  /** The change, and how many requests were refused since the change before. At most one pair in 5 s. */
  readonly onChange?: (overloaded: boolean, refused: number) => void
}

const sampleEveryMs = 20
/** Long turns in a row that make an overload, and how many `maxTurnMs` they must last together. */
const longTurns = 3
const longTogether = 5
/** Without a refusal for this long, the overload is over. */
const calmMs = 5_000

/**
 * Tells when the CPU cannot keep up. The measure is the length of a turn of the event loop: how long the last
 * of all requests that are ready waits. Long turns in a row mean a queue that stands (CoDel, RFC 8289, tells one
 * from a burst in this way); one collection of garbage or one burst is no overload. From then on a turn takes
 * requests until it has lasted `maxTurnMs`, and refuses those it had not come to by then. So nobody is refused
 * while there is time left, whatever the load is made of, and there is no rate or limit to find.
 */
export class Overload {
  readonly #loop: Loop
  readonly #refusals: Refusals
  readonly #maxTurnMs: number
  readonly #onChange: (overloaded: boolean, refused: number) => void
  /** Turns are looked at while requests come; an idle relay does not wake up. */
  #watching = false
  #requested = false
  #long = 0
  #longMs = 0
  #overloaded = false
  /** Infinity while turns are only sampled. */
  #turnBegan = Number.POSITIVE_INFINITY
  #lastRefusal = 0
  #refusedBefore = 0

  constructor({ loop, refusals, maxTurnMs = 100, onChange = () => {} }: OverloadOptions) {
    this.#loop = loop
    this.#refusals = refusals
    this.#maxTurnMs = maxTurnMs
    this.#onChange = onChange
  }

  /** Requests that will be answered 503 and have not been yet. */
  get held(): number {
    return this.#refusals.held
  }

  /** Takes the request to refuse it, if there is no time for it; false = go on with it. */
  refuses(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): boolean {
    this.#requested = true
    if (!this.#watching) this.#sample()
    if (!this.#overloaded) return false
    const now = this.#loop.now()
    if (now - this.#turnBegan < this.#maxTurnMs) return false
    this.#lastRefusal = now
    this.#refusals.add(request, response, expectsContinue)
    return true
  }

  #sample(): void {
    this.#watching = true
    this.#requested = false
    this.#turnBegan = Number.POSITIVE_INFINITY
    this.#loop.after(sampleEveryMs, () => this.#loop.endOfTurn(() => this.#beginTurn()))
  }

  #beginTurn(): void {
    this.#turnBegan = this.#loop.now()
    this.#loop.endOfTurn(() => this.#endTurn())
  }

  #endTurn(): void {
    const now = this.#loop.now()
    const turnMs = now - this.#turnBegan
    this.#judge(turnMs, now)
    this.#refusals.answer(turnMs)
    // Every turn counts until one is short and nobody waits for a refusal any more.
    if (this.#long > 0 || this.#refusals.held > 0) this.#beginTurn()
    else if (this.#requested || this.#overloaded) this.#sample()
    else this.#watching = false
  }

  #judge(turnMs: number, now: number): void {
    if (turnMs > this.#maxTurnMs) {
      this.#long++
      this.#longMs += turnMs
    } else {
      this.#long = 0
      this.#longMs = 0
    }
    if (!this.#overloaded) {
      if (this.#long < longTurns || this.#longMs < longTogether * this.#maxTurnMs) return
      this.#lastRefusal = now
      this.#change(true)
    } else if (now - this.#lastRefusal > calmMs) this.#change(false)
  }

  #change(overloaded: boolean): void {
    const { total } = this.#refusals
    this.#overloaded = overloaded
    this.#onChange(overloaded, total - this.#refusedBefore)
    this.#refusedBefore = total
  }
}
