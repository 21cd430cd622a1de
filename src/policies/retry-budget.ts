import type { Policy } from '../core/call.ts'

export interface RetryBudgetOptions {
  readonly percent: number
  readonly minPerSecond: number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

const slotMs = 100
const slotsPerSecond = 1000 / slotMs
/** The slot under way is part of a second only in part, so one more covers the whole of it. */
const slots = slotsPerSecond + 1

/**
 * Keeps retries and hedges a small share of the traffic, so that a failing upstream is not sent a multiple of
 * its load. At the moment one is booked, those of the last second are at most `percent` % of the first tries
 * of that second, and `minPerSecond` more. Booked when it is decided: a wait may come before it is sent.
 *
 * Counted in slots of 100 ms, rounded to the strict side: retries of the last 1.0 to 1.1 s against first tries
 * of the last 0.9 to 1.0 s. So the rule holds in every second, and up to a tenth of what it allows may be
 * refused.
 */
export class RetryBudget {
  readonly #percent: number
  readonly #minPerSecond: number
  readonly #now: () => number
  readonly #firstTriesBySlot = new Float64Array(slots)
  readonly #retriesBySlot = new Float64Array(slots)
  #firstTries = 0
  #retries = 0
  /** Since the origin of the clock; its place in the rings is the remainder by their size. */
  #slot = 0

  constructor({ percent, minPerSecond, now }: RetryBudgetOptions) {
    this.#percent = percent
    this.#minPerSecond = minPerSecond
    this.#now = now
    this.#slot = Math.floor(now() / slotMs)
  }

  /** Counts a first try. */
  request(): void {
    this.#turn()
    this.#firstTriesBySlot[this.#slot % slots]!++
    this.#firstTries++
  }

  /** True = one more retry or hedge may be made, and it is booked. */
  spend(): boolean {
    this.#turn()
    const oldest = this.#firstTriesBySlot[(this.#slot + 1) % slots]!
    const hundredfold = this.#percent * (this.#firstTries - oldest) + 100 * this.#minPerSecond
    if (100 * (this.#retries + 1) > hundredfold) return false
    this.#retriesBySlot[this.#slot % slots]!++
    this.#retries++
    return true
  }

  /** Forgets the slots that have fallen out of the second. */
  #turn(): void {
    const current = Math.floor(this.#now() / slotMs)
    if (current <= this.#slot) return
    // After a longer silence every slot is forgotten once, not once for each turn of the ring.
    for (let slot = Math.max(this.#slot, current - slots) + 1; slot <= current; slot++) {
      const place = slot % slots
      this.#firstTries -= this.#firstTriesBySlot[place]!
      this.#retries -= this.#retriesBySlot[place]!
      this.#firstTriesBySlot[place] = 0
      this.#retriesBySlot[place] = 0
    }
    this.#slot = current
  }
}

/** For legs that do not retry: their first tries count for the route's budget as well. */
export const countRequests = (budget: RetryBudget): Policy =>
  function countRequestsPolicy(next) {
    return function countRequest(request, context) {
      budget.request()
      return next(request, context)
    }
  }
