import { Timed, type TimerList } from '../core/timer-list.ts'

/**
 * One question with a deadline. Costs no timer of its own, unlike `within`: questions are asked for every
 * request.
 */
export class Deadline extends Timed {
  #settled = false
  readonly #timers: TimerList
  readonly #late: () => void

  /** `late` is called unless `settle` is before. */
  constructor(timers: TimerList, now: number, late: () => void) {
    super()
    this.#timers = timers
    this.#late = late
    timers.start(this, now)
  }

  /** False if it was settled before, or too late. */
  settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#timers.stop(this)
    return true
  }

  /** Answers may have come in while the process was busy: they are read before the deadline counts. */
  override onTimeout(): void {
    setImmediate(() => {
      if (this.settle()) this.#late()
    })
  }
}
