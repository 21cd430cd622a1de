/** Extended by whatever waits for its turn: the links live in the object itself, so that leaving costs nothing. */
export abstract class Waiter {
  previousWaiter: Waiter | undefined = undefined
  nextWaiter: Waiter | undefined = undefined
  waitsIn: WaiterQueue | undefined = undefined
  /** Its turn has come; it is in no queue any more. */
  abstract go(): void
}

/** First in, first out; whoever waits can leave from anywhere in constant time. */
export class WaiterQueue {
  #head: Waiter | undefined
  #tail: Waiter | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  push(waiter: Waiter): void {
    waiter.waitsIn = this
    waiter.previousWaiter = this.#tail
    if (this.#tail) this.#tail.nextWaiter = waiter
    else this.#head = waiter
    this.#tail = waiter
    this.#size++
  }

  shift(): Waiter | undefined {
    const head = this.#head
    if (head) this.remove(head)
    return head
  }

  /** False when it does not wait here. */
  remove(waiter: Waiter): boolean {
    if (waiter.waitsIn !== this) return false
    const { previousWaiter, nextWaiter } = waiter
    if (previousWaiter) previousWaiter.nextWaiter = nextWaiter
    else this.#head = nextWaiter
    if (nextWaiter) nextWaiter.previousWaiter = previousWaiter
    else this.#tail = previousWaiter
    waiter.previousWaiter = undefined
    waiter.nextWaiter = undefined
    waiter.waitsIn = undefined
    this.#size--
    return true
  }
}
