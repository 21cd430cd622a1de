/** Bounds on what all requests together may hold; beyond them requests are answered 503. */
export interface BudgetLimits {
  readonly maxInFlight: number
  /** Bytes of captured bodies. */
  readonly maxBufferedBytes: number
}

export class Budget {
  inFlight = 0
  bufferedBytes = 0
  readonly #limits: BudgetLimits

  constructor(limits: BudgetLimits) {
    this.#limits = limits
  }

  /** No body beyond this can be captured, whatever its route says. */
  get maxBufferedBytes(): number {
    return this.#limits.maxBufferedBytes
  }

  get hasRoomForRequest(): boolean {
    return this.inFlight < this.#limits.maxInFlight
  }

  hasRoomFor(bytes: number): boolean {
    return this.bufferedBytes + bytes <= this.#limits.maxBufferedBytes
  }

  /** Copies may hold half of the memory, so that shadows that hang leave room for callers. */
  get hasRoomForCopies(): boolean {
    return this.bufferedBytes <= this.#limits.maxBufferedBytes / 2
  }
}
