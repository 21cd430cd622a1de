import type { Clock } from '../../src/core/clock.ts'

interface Pending {
  readonly at: number
  readonly callback: () => void
}

/** A clock that stands still until it is turned. */
export class FakeClock implements Clock {
  #now = 1_000
  readonly #pending = new Set<Pending>()

  now = (): number => this.#now

  after = (ms: number, callback: () => void): (() => void) => {
    const entry = { at: this.#now + ms, callback }
    this.#pending.add(entry)
    return () => this.#pending.delete(entry)
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.#pending.size
  }

  /** Moves on and calls back whatever falls due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#pending].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#pending.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = until
  }
}
