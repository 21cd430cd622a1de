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

/** Series of the process as a whole. Counters exist from the start, so that rates see the first event. */
export class ProcessSeries {
  readonly #store: SeriesStore
  readonly #reloads: Readonly<Record<ReloadResult, Series>>
  readonly #routes: Readonly<Record<RouteState, Series>>
  readonly #lastSuccess: () => Series
  readonly #limitStore: () => Series
  readonly #defects: Series
  readonly #dropped: Series
  readonly #families: Families
  #remembered: () => void = () => {}

  constructor(store: SeriesStore, families: Families, build: BuildInfo) {
    this.#store = store
    this.#families = families
    const one = (value: string): [string] => [value]
    this.#reloads = byValue(reloadResults, value => store.acquire(families.reloads, one(value)))
    this.#routes = byValue(routeStates, value => store.acquire(families.routes, one(value)))
    this.#lastSuccess = onDemand(() => store.acquire(families.lastReloadSuccess, []))
    this.#limitStore = onDemand(() => store.acquire(families.limitStoreUp, []))
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

  /** Not called where no store is configured: there is nothing to be up or down. */
  limitStore(state: 'up' | 'down'): void {
    this.#set(this.#limitStore(), state === 'up' ? 1 : 0)
  }

  defect(): void {
    this.#add(this.#defects)
  }

  /** Read when somebody is about to look. */
  remembering(figures: () => { readonly entries: number; readonly bytes: number }): void {
    const answers = this.#store.acquire(this.#families.idempotencyAnswers, [])
    const bytes = this.#store.acquire(this.#families.idempotencyBytes, [])
    this.#remembered = () => {
      const now = figures()
      this.#set(answers, now.entries)
      this.#set(bytes, now.bytes)
    }
  }

  /** The store counts by itself; its count is copied when somebody is about to look. */
  refresh(): void {
    this.#remembered()
    this.#set(this.#dropped, this.#store.overflowed)
  }

  #set(series: Series, value: number): void {
    this.#store.cells.values[series.first] = value
  }

  #add(series: Series): void {
    this.#store.cells.values[series.first]! += 1
  }
}

/** For a series that exists once there is something to say. */
const onDemand = (make: () => Series): (() => Series) => {
  let series: Series | undefined
  return () => {
    series ??= make()
    return series
  }
}

const byValue = <Value extends string>(
  values: readonly Value[],
  make: (value: Value) => Series,
): Readonly<Record<Value, Series>> =>
  Object.fromEntries(values.map(value => [value, make(value)])) as Record<Value, Series>
