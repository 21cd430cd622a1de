import { type ReloadResult, type RouteState, reloadResults, routeStates } from '../../core/figures.ts'
import type { Families } from './families.ts'
import type { Series } from './family.ts'
import type { SeriesStore } from './series-store.ts'

/** What is running: labels of `fanout_build_info`. */
export interface BuildInfo {
  readonly version: string
  /** Commit; '' when it is not known. */
  readonly revision: string
  /** Version of Node without its `v`. */
  readonly node: string
}

/** Series of the process as a whole. All of them exist from the start, so that rates see the first event. */
export class ProcessSeries {
  readonly #store: SeriesStore
  readonly #reloads: Readonly<Record<ReloadResult, Series>>
  readonly #routes: Readonly<Record<RouteState, Series>>
  readonly #lastSuccess: () => Series
  readonly #defects: Series
  readonly #dropped: Series

  constructor(store: SeriesStore, families: Families, build: BuildInfo) {
    this.#store = store
    const one = (value: string): [string] => [value]
    this.#reloads = byValue(reloadResults, value => store.acquire(families.reloads, one(value)))
    this.#routes = byValue(routeStates, value => store.acquire(families.routes, one(value)))
    let lastSuccess: Series | undefined
    this.#lastSuccess = () => {
      lastSuccess ??= store.acquire(families.lastReloadSuccess, [])
      return lastSuccess
    }
    this.#defects = store.acquire(families.defects, [])
    this.#dropped = store.acquire(families.seriesDropped, [])
    const info = store.acquire(families.buildInfo, [build.version, build.revision, build.node])
    this.#set(info, 1)
  }

  reloaded(result: ReloadResult, timeMs: number): void {
    this.#add(this.#reloads[result])
    if (result === 'success') this.#set(this.#lastSuccess(), timeMs / 1000)
  }

  routeStates(counts: Readonly<Record<RouteState, number>>): void {
    for (const state of routeStates) this.#set(this.#routes[state], counts[state])
  }

  defect(): void {
    this.#add(this.#defects)
  }

  /** The store counts by itself; its count is copied when somebody is about to look. */
  refresh(): void {
    this.#set(this.#dropped, this.#store.overflowed)
  }

  #set(series: Series, value: number): void {
    this.#store.cells.values[series.first] = value
  }

  #add(series: Series): void {
    this.#store.cells.values[series.first]! += 1
  }
}

const byValue = <Value extends string>(
  values: readonly Value[],
  make: (value: Value) => Series,
): Readonly<Record<Value, Series>> =>
  Object.fromEntries(values.map(value => [value, make(value)])) as Record<Value, Series>
