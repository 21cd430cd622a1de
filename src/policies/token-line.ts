import { type CancelTimer, type Clock, longestTimerMs } from '../core/clock.ts'
import type { Limit } from '../core/limit.ts'
import { type Waiter, WaiterQueue } from './waiter-queue.ts'
import type { WaitingTry } from './waiting-try.ts'

/**
 * Tries whose tokens are still to come, first in, first out, with one timer for all of them.
 *
 * Tokens are not tied to tries: when one gives up, those behind it move up and the last token is given back.
 * Giving back that of the one who left would leave a gap, and the next to come would share an instant with
 * the last in line, more than the limit allows.
 */
export class TokenLine {
  readonly #limit: Pick<Limit, 'giveBack'>
  readonly #clock: Clock
  readonly #queue = new WaiterQueue()
  /** Instants at which tokens come, in order; as many as there are tries. */
  readonly #dueAt: number[] = []
  #disarm: CancelTimer | undefined

  constructor(limit: Pick<Limit, 'giveBack'>, clock: Clock) {
    this.#limit = limit
    this.#clock = clock
  }

  join(waiting: WaitingTry, waitMs: number): void {
    const dueAt = this.#clock.now() + waitMs
    // A store's answers may come in another order than they were asked for.
    let place = this.#dueAt.length
    while (place > 0 && this.#dueAt[place - 1]! > dueAt) place--
    this.#dueAt.splice(place, 0, dueAt)
    this.#queue.push(waiting)
    waiting.count()
    if (place === 0) this.#arm()
  }

  leave(waiter: Waiter): void {
    if (!this.#queue.remove(waiter)) return
    this.#dueAt.pop()
    this.#limit.giveBack()
    if (this.#dueAt.length === 0) this.#arm()
  }

  /** For the first in line; nobody in line, no timer. */
  #arm(): void {
    this.#disarm?.()
    this.#disarm = undefined
    const [dueAt] = this.#dueAt
    if (dueAt === undefined) return
    const waitMs = Math.max(1, Math.ceil(dueAt - this.#clock.now()))
    this.#disarm = this.#clock.after(Math.min(longestTimerMs, waitMs), () => this.#onDue())
  }

  #onDue(): void {
    const now = this.#clock.now()
    try {
      while (this.#dueAt.length > 0 && this.#dueAt[0]! <= now) {
        this.#dueAt.shift()
        this.#queue.shift()!.go()
      }
    } finally {
      // A defect of one try must not keep the others waiting.
      this.#arm()
    }
  }
}
