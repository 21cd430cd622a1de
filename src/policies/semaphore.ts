import { type Waiter, WaiterQueue } from './waiter-queue.ts'

export interface SemaphoreOptions {
  /** Slots; at least 1. */
  readonly maxParallel: number
  /** How many may wait for one; 0 = nobody waits. */
  readonly maxPending: number
}

/** Slots, and a queue of bounded length for those who find none free. */
export class Semaphore {
  readonly #options: SemaphoreOptions
  readonly #queue = new WaiterQueue()
  #inUse = 0

  constructor(options: SemaphoreOptions) {
    this.#options = options
  }

  get inUse(): number {
    return this.#inUse
  }

  get pending(): number {
    return this.#queue.size
  }

  /** Nobody is overtaken: while one waits, no slot is free. */
  tryAcquire(): boolean {
    if (this.#inUse >= this.#options.maxParallel) return false
    this.#inUse++
    return true
  }

  get isQueueFull(): boolean {
    return this.#queue.size >= this.#options.maxPending
  }

  /** `go` is called with a slot held. Only after `tryAcquire` refused and while the queue is not full. */
  enqueue(waiter: Waiter): void {
    this.#queue.push(waiter)
  }

  /** For a waiter that gives up; nothing happens when it does not wait any more. */
  leave(waiter: Waiter): void {
    this.#queue.remove(waiter)
  }

  /** Exactly once for each slot. It goes to the first in the queue, which starts before this returns. */
  release(): void {
    const next = this.#queue.shift()
    if (next) next.go()
    else this.#inUse--
  }
}
