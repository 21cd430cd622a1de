/** Bounds on what all requests together may hold; beyond them requests are answered 503. */
export interface BudgetLimits {
  readonly maxInFlight: number
  /** Bytes of captured bodies. */
  readonly maxBufferedBytes: number
}

/** What the process as a whole has left. */
export interface Memory {
  /** False = too little for new bodies. */
  readonly takesBodies: boolean
  /** False = too little for any new request. */
  readonly takesRequests: boolean
}

const plenty: Memory = { takesBodies: true, takesRequests: true }

/** What is in use of the bounds. Whoever takes a request or bytes counts them up and down again. */
export class Budget {
  inFlight = 0
  bufferedBytes = 0
  readonly #limits: BudgetLimits
  readonly #memory: Memory

  constructor(limits: BudgetLimits, memory: Memory = plenty) {
    this.#limits = limits
    this.#memory = memory
  }

  /** No body beyond this can be captured, whatever its route says. */
  get maxBufferedBytes(): number {
    return this.#limits.maxBufferedBytes
  }

  get hasRoomForRequest(): boolean {
    return this.inFlight < this.#limits.maxInFlight && this.#memory.takesRequests
  }

  /** Before a body is begun; 0 where its size is not known, or where it is streamed. */
  hasRoomForBody(bytes: number): boolean {
    return this.#memory.takesBodies && this.hasRoomFor(bytes)
  }

  /** For what belongs to a request that has been taken. */
  hasRoomFor(bytes: number): boolean {
    return this.bufferedBytes + bytes <= this.#limits.maxBufferedBytes
  }

  /** Copies may hold half of the memory, so that shadows that hang leave room for callers. */
  get hasRoomForCopies(): boolean {
    return this.bufferedBytes <= this.#limits.maxBufferedBytes / 2 && this.#memory.takesBodies
  }
}
