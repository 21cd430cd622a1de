import { Cells, discard } from './cells.ts'
import type { Family, Series } from './family.ts'
import { formatLabels } from './labels.ts'

/** Series that nobody sees: what released handles write to. */
export const discarded: Series = Object.freeze({ labels: '', first: discard, owners: 0 })

/**
 * Makes and releases series, and bounds their number: beyond the limit new combinations of labels are
 * counted under one `other` series a family, and how often that happens is counted too.
 */
export class SeriesStore {
  readonly cells = new Cells()
  readonly #limit: number
  #live = 0
  /** Updates that went to an `other` series. */
  overflowed = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get full(): boolean {
    return !this.hasRoom(1)
  }

  /** Whether as many more series fit under the limit. */
  hasRoom(series: number): boolean {
    return this.#live + series <= this.#limit
  }

  acquire(family: Family, values: readonly string[]): Series {
    const labels = formatLabels(family.labels, values)
    const known = family.series.get(labels)
    if (known) {
      known.owners += 1
      return known
    }
    if (this.full) return this.#overflow(family)
    this.#live += 1
    return this.#add(family, labels)
  }

  /** As `acquire`, for labels that no other handle can have made: beyond the limit it formats none. */
  acquireOwn(family: Family, values: () => readonly string[]): Series {
    return this.full ? this.#overflow(family) : this.acquire(family, values())
  }

  release(family: Family, series: Series): void {
    if (series === family.overflow || series === discarded) return
    series.owners -= 1
    if (series.owners > 0) return
    family.series.delete(series.labels)
    this.cells.give(series.first, family.width)
    this.#live -= 1
  }

  #overflow(family: Family): Series {
    this.overflowed += 1
    family.overflow ??= this.#add(
      family,
      formatLabels(
        family.labels,
        family.labels.map(() => 'other'),
      ),
    )
    return family.overflow
  }

  #add(family: Family, labels: string): Series {
    const series = { labels, first: this.cells.take(family.width), owners: 1 }
    family.series.set(labels, series)
    return series
  }
}
