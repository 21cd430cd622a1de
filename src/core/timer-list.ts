import { type Clock, longestTimerMs } from './clock.ts'

/** Extended by whatever waits: the links live in the object itself, so arming a timer allocates nothing. */
export abstract class Timed {
  expiresAt = 0
  previousTimed: Timed | undefined = undefined
  nextTimed: Timed | undefined = undefined
  timerList: TimerList | undefined = undefined
  abstract onTimeout(): void
}

/**
 * Timers that share one duration. They end in the order they began, so a linked list with a single
 * system timer for its head serves them all: about 25 ns to arm and disarm against 470 ns for setTimeout.
 */
export class TimerList {
  #head: Timed | undefined
  #tail: Timed | undefined
  #armed = false
  readonly #clock: Clock
  readonly #durationMs: number

  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock
    this.#durationMs = durationMs
  }

  start(entry: Timed, now: number): void {
    entry.expiresAt = now + this.#durationMs
    entry.timerList = this
    entry.previousTimed = this.#tail
    entry.nextTimed = undefined
    if (this.#tail) this.#tail.nextTimed = entry
    else this.#head = entry
    this.#tail = entry
    // For the first in line: within `#expire` that need not be the one that begins here.
    if (!this.#armed) this.#arm(this.#head!.expiresAt - this.#clock.now())
  }

  stop(entry: Timed): void {
    if (entry.timerList !== this) return
    if (entry.previousTimed) entry.previousTimed.nextTimed = entry.nextTimed
    else this.#head = entry.nextTimed
    if (entry.nextTimed) entry.nextTimed.previousTimed = entry.previousTimed
    else this.#tail = entry.previousTimed
    entry.previousTimed = undefined
    entry.nextTimed = undefined
    entry.timerList = undefined
  }

  #arm(ms: number): void {
    this.#armed = true
    const wait = Math.min(longestTimerMs, Math.max(1, Math.ceil(ms)))
    this.#clock.after(wait, () => this.#expire())
  }

  #expire(): void {
    this.#armed = false
    const now = this.#clock.now()
    try {
      for (let head = this.#head; head && head.expiresAt <= now; head = this.#head) {
        this.stop(head)
        head.onTimeout()
      }
    } finally {
      // A defect in one callback must not silence the others.
      if (this.#head && !this.#armed) this.#arm(this.#head.expiresAt - now)
    }
  }
}

/** Beyond so many durations the oldest lists are made anew when they are asked for again. */
const maxLists = 1_000

/**
 * One list per duration. Durations come from routes, so there are few at a time; but routes are edited for as long
 * as a relay lives. A list that is forgotten here goes on for whoever holds it: two of one duration do no harm.
 */
export class Timers {
  readonly #lists = new Map<number, TimerList>()
  readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  get size(): number {
    return this.#lists.size
  }

  /** `undefined` for 0, the way routes switch a timeout off. */
  forDuration(durationMs: number): TimerList | undefined {
    if (durationMs === 0) return undefined
    const known = this.#lists.get(durationMs)
    if (known) return known
    const list = new TimerList(this.clock, durationMs)
    this.#lists.set(durationMs, list)
    if (this.#lists.size > maxLists) {
      const [oldest] = this.#lists.keys()
      this.#lists.delete(oldest!)
    }
    return list
  }
}
