import type { ErrorToken } from '../../core/errors.ts'
import type { PolicyFigures } from '../../core/figures.ts'
import { type BreakerState, breakerStates, type PolicyObserver } from '../../core/observer.ts'
import type { Families } from './families.ts'
import { LazySeries } from './lazy-series.ts'
import type { SeriesStore } from './series-store.ts'

/** What is worth more than a number, for a log. */
export interface PolicyEvents {
  /** To another state than before. */
  breakerChanged(state: BreakerState): void
  /** For each request that a shared limit counted by itself. */
  limitFellBack(): void
}

/** Makes the listener of one leg, or, with `upstream` '', of a route. */
export type ListenToPolicies = (route: string, upstream: string) => PolicyEvents

/** What the policies of one leg tell. The series are shared with the same leg in another role. */
export class PolicySeries implements Omit<PolicyObserver, 'refused'> {
  readonly #families: Families
  readonly #lazy: LazySeries
  readonly #events: PolicyEvents | undefined
  #queued = 0
  #breaker: BreakerState | undefined
  #hasBreaker = true

  constructor(store: SeriesStore, families: Families, owner: readonly string[], events?: PolicyEvents) {
    this.#families = families
    this.#lazy = new LazySeries(store, owner)
    this.#events = events
  }

  /** No policy's, but as rare: a series from the first on. */
  staleConnection(): void {
    this.#lazy.count(this.#families.staleConnections)
  }

  retried(error: ErrorToken): void {
    this.#lazy.count(this.#families.retries, error)
  }

  retriesExhausted(): void {
    this.#lazy.count(this.#families.retriesExhausted)
  }

  budgetSpent(): void {
    this.#lazy.count(this.#families.budgetSpent)
  }

  hedged(): void {
    this.#lazy.count(this.#families.hedges)
  }

  rateLimited(): void {
    this.#lazy.count(this.#families.rateLimited)
  }

  queued(change: 1 | -1): void {
    this.#queued += change
    this.#lazy.add(this.#families.upstreamQueued, change)
  }

  breaker(state: BreakerState): void {
    if (!this.#hasBreaker) return
    // A breaker begins closed, so that the first report of another state is a change.
    const before = this.#breaker ?? 'closed'
    this.#breaker = state
    this.#lazy.setState(this.#families.breakerState, breakerStates, state)
    if (state === before) return
    this.#lazy.count(this.#families.breakerTransitions, state)
    this.#events?.breakerChanged(state)
  }

  limitFellBack(): void {
    this.#lazy.count(this.#families.limitFallbacks)
    this.#events?.limitFellBack()
  }

  /** A table that is being built may have a breaker for this leg. */
  expectBreaker(): void {
    this.#hasBreaker = true
  }

  /** The table in use has none: requests of the one before may still report, and would leave a state for good. */
  dropBreaker(): void {
    this.#hasBreaker = false
    this.#breaker = undefined
    this.#lazy.drop(this.#families.breakerState)
  }

  /** Own count: the gauge is shared with the same leg in another role, or with `other`. */
  get waiting(): number {
    return this.#queued
  }

  policyFigures(): PolicyFigures {
    const { retries, hedges, rateLimited } = this.#families
    return {
      breaker: this.#breaker ?? null,
      retries: this.#lazy.total(retries),
      hedges: this.#lazy.total(hedges),
      rateLimited: this.#lazy.total(rateLimited),
      queued: this.#queued,
    }
  }

  release(): void {
    this.#hasBreaker = false
    this.#breaker = undefined
    this.#lazy.release()
  }
}
