import type { SourceStatus } from '../../core/figures.ts'
import type { Families } from './families.ts'
import type { Series } from './family.ts'
import type { SeriesStore } from './series-store.ts'

const sources = ['api', 'cache', 'files'] as const

/** Series of where routes come from. They are read off when somebody is about to look. */
export class SourceSeries {
  readonly #store: SeriesStore
  readonly #families: Families
  readonly #status: SourceStatus
  readonly #series = new Map<string, Series>()

  constructor(store: SeriesStore, families: Families, status: SourceStatus) {
    this.#store = store
    this.#families = families
    this.#status = status
  }

  refresh(): void {
    const { source, isConnected, lists, restarts, drift, staleSeconds } = this.#status
    for (const value of sources) this.#set('configSource', [value], source === value ? 1 : 0)
    // Files have no watch that could be lost.
    if (source === 'files') return
    this.#set('watchConnected', [], isConnected ? 1 : 0)
    this.#set('configStale', [], staleSeconds)
    this.#set('watchDrift', [], drift)
    for (const [result, count] of Object.entries(lists)) this.#set('lists', [result], count)
    for (const [reason, count] of Object.entries(restarts)) this.#set('watchRestarts', [reason], count)
  }

  #set(name: keyof Families, labels: [] | [string], value: number): void {
    const key = `${name} ${labels}`
    let series = this.#series.get(key)
    if (!series) {
      series = this.#store.acquire(this.#families[name], labels)
      this.#series.set(key, series)
    }
    this.#store.cells.values[series.first] = value
  }
}
