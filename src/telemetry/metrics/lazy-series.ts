import type { Family, Series } from './family.ts'
import { discarded, type SeriesStore } from './series-store.ts'

/**
 * Series that begin to exist with their first update: what a route or leg does not use costs it nothing.
 * `variant` is the value of the label that follows those of the owner, for families that have one more.
 */
export class LazySeries {
  readonly #store: SeriesStore
  readonly #owner: readonly string[]
  readonly #bound = new Map<Family, Map<string, Series>>()
  #released = false

  /** `owner`: values of the first labels of every family, in their order. */
  constructor(store: SeriesStore, owner: readonly string[]) {
    this.#store = store
    this.#owner = owner
  }

  /** Counts one. */
  count(family: Family, variant = ''): void {
    const series = this.#bound.get(family)?.get(variant) ?? this.#bind(family, variant)
    this.#store.cells.values[series.first]! += 1
  }

  /** For gauges of what is under way: `series` stays the same until the release, even if it is `other`. */
  add(family: Family, change: number): void {
    const series = this.#bound.get(family)?.get('') ?? this.#bind(family, '', { keepOverflow: true })
    this.#store.cells.values[series.first]! += change
  }

  /** 1 for one variant and 0 for the rest. Left out where not all fit: an `other` state means nothing. */
  setState(family: Family, variants: readonly string[], current: string): void {
    if (!this.#bound.has(family) && !this.#store.hasRoom(variants.length)) return
    for (const variant of variants) {
      const series = this.#bound.get(family)?.get(variant) ?? this.#bind(family, variant)
      this.#store.cells.values[series.first] = variant === current ? 1 : 0
    }
  }

  /** Sum over all variants. */
  total(family: Family): number {
    let total = 0
    for (const series of this.#bound.get(family)?.values() ?? [])
      total += this.#store.cells.values[series.first]!
    return total
  }

  drop(family: Family): void {
    for (const series of this.#bound.get(family)?.values() ?? []) this.#store.release(family, series)
    this.#bound.delete(family)
  }

  /** Drops all. Whoever still holds this may go on calling it: nothing is counted. */
  release(): void {
    for (const family of this.#bound.keys()) this.drop(family)
    this.#released = true
  }

  #bind(family: Family, variant: string, { keepOverflow = false } = {}): Series {
    if (this.#released) return discarded
    const series = this.#store.acquire(family, [...this.#owner, variant])
    // Overflow of a counter is not remembered: room may be made later.
    if (series === family.overflow && !keepOverflow) return series
    const known = this.#bound.get(family)
    if (known) known.set(variant, series)
    else this.#bound.set(family, new Map([[variant, series]]))
    return series
  }
}
