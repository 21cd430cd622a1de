import type { FailedLeg } from '../core/figures.ts'
import type { LegSummary } from '../core/observer.ts'

const maxIdLength = 128
const maxDetailLength = 256

/** The last failed legs, oldest overwritten first. */
export class FailureRing {
  readonly #entries: FailedLeg[] = []
  readonly #capacity: number
  readonly #now: () => number
  #next = 0

  /** `now` in milliseconds since the epoch. Defaults to 100 entries and the system's clock. */
  constructor({ capacity = 100, now = Date.now }: { capacity?: number; now?: () => number } = {}) {
    this.#capacity = capacity
    this.#now = now
  }

  add(requestId: string, route: string, leg: LegSummary): void {
    this.#entries[this.#next] = {
      timeMs: this.#now(),
      requestId: requestId.slice(0, maxIdLength),
      route,
      upstream: leg.name,
      role: leg.role,
      status: leg.status,
      error: leg.error,
      detail: leg.detail.slice(0, maxDetailLength),
      durationMs: leg.durationMs,
      attempts: leg.attempts,
    }
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** Newest first. */
  list(): readonly FailedLeg[] {
    const oldestFirst = [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)]
    return oldestFirst.reverse()
  }
}
