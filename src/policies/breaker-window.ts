const slotCount = 10

/**
 * Requests and failures of the last while, in constant memory: ten slots of a tenth of the window each, of
 * which the oldest is dropped whole. It looks back nine to ten tenths.
 */
export class BreakerWindow {
  requests = 0
  failures = 0
  readonly #slotMs: number
  readonly #requestsOf = new Array<number>(slotCount).fill(0)
  readonly #failuresOf = new Array<number>(slotCount).fill(0)
  /** Number of the newest slot, counted from the clock's zero. */
  #newest = 0

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slotCount
  }

  succeeded(now: number): void {
    const slot = this.#advance(now)
    this.#requestsOf[slot]!++
    this.requests++
  }

  failed(now: number): void {
    const slot = this.#advance(now)
    this.#requestsOf[slot]!++
    this.#failuresOf[slot]!++
    this.requests++
    this.failures++
  }

  clear(): void {
    this.#requestsOf.fill(0)
    this.#failuresOf.fill(0)
    this.requests = 0
    this.failures = 0
  }

  /** Drops what is too old and returns the slot of this instant. */
  #advance(now: number): number {
    const newest = Math.floor(now / this.#slotMs)
    if (newest - this.#newest >= slotCount) this.clear()
    else for (let number = this.#newest + 1; number <= newest; number++) this.#drop(number % slotCount)
    this.#newest = newest
    return newest % slotCount
  }

  #drop(slot: number): void {
    this.requests -= this.#requestsOf[slot]!
    this.failures -= this.#failuresOf[slot]!
    this.#requestsOf[slot] = 0
    this.#failuresOf[slot] = 0
  }
}
