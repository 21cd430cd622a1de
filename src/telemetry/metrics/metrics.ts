import type {
  LegFigures,
  LiveFigures,
  ReloadResult,
  RouteFigures,
  RouteState,
  SourceStatus,
  Traffic,
} from '../../core/figures.ts'
import type { LegObserver, Role, RouteObserver } from '../../core/observer.ts'
import { type ExpositionFormat, renderFamily } from './exposition.ts'
import { createFamilies } from './families.ts'
import type { Series } from './family.ts'
import { LegSeries } from './leg-series.ts'
import type { ListenToPolicies } from './policy-series.ts'
import { type BuildInfo, ProcessSeries } from './process-series.ts'
import { RouteSeries } from './route-series.ts'
import { createRuntimeMetrics } from './runtime-metrics.ts'
import { SeriesStore } from './series-store.ts'
import { SourceSeries } from './source-series.ts'

export interface MetricsOptions {
  readonly build: BuildInfo
  /** Combinations of labels, a histogram counting as one. Defaults to 20,000: about 1,000 routes. */
  readonly maxSeries?: number
  /** `process_*` and `nodejs_*`. Defaults to on. */
  readonly runtime?: 'on' | 'off'
}

/** A route of the table in use; those of a RelayPlan fit. */
export interface KnownRoute {
  readonly id: string
  readonly generation?: number | undefined
  readonly legs?: readonly KnownLeg[]
}

interface KnownLeg {
  readonly name: string
  readonly role: Role
  /** `undefined` = the leg has none, so that none has a state. */
  readonly circuitBreaker?: object | undefined
}

/** Counts what the data path reports and renders it for Prometheus. */
export class Metrics implements LiveFigures {
  readonly unmatched: RouteObserver
  readonly #families = createFamilies()
  readonly #store: SeriesStore
  readonly #process: ProcessSeries
  readonly #unmatched: RouteSeries
  #source: SourceSeries | undefined
  readonly #routes = new Map<string, RouteSeries>()
  readonly #legs = new Map<string, LegSeries>()
  readonly #generations = new Map<string, Series>()
  /** Requests of routes that are gone: a total does not go down. */
  #releasedRequests = 0
  readonly #runtime: ((format: ExpositionFormat) => Promise<string>) | undefined

  constructor({ build, maxSeries = 20_000, runtime = 'on' }: MetricsOptions) {
    this.#store = new SeriesStore(maxSeries)
    this.#process = new ProcessSeries(this.#store, this.#families, build)
    this.#unmatched = new RouteSeries(this.#store, this.#families, '')
    this.unmatched = this.#unmatched
    this.#runtime = runtime === 'on' ? createRuntimeMetrics() : undefined
  }

  /** The same handle for the same id, as long as a table names it. It keeps the listener it began with. */
  route(id: string, listen?: ListenToPolicies): RouteObserver {
    let series = this.#routes.get(id)
    if (!series) {
      series = new RouteSeries(this.#store, this.#families, id, listen?.(id, ''))
      this.#routes.set(id, series)
    }
    series.retired = false
    return series
  }

  leg(route: string, upstream: string, role: Role, listen?: ListenToPolicies): LegObserver {
    const key = legKey(route, upstream, role)
    let series = this.#legs.get(key)
    if (!series) {
      const leg = { route, upstream, role }
      series = new LegSeries(this.#store, this.#families, leg, listen?.(route, upstream))
      this.#legs.set(key, series)
    }
    series.retired = false
    series.expectBreaker()
    return series
  }

  /**
   * Call it when a table has been swapped in. Series of routes and legs that are not named go once nothing
   * of theirs is in flight and a scrape has seen their last values, at the latest at the next call. The state
   * of a breaker that its leg no longer has goes at once.
   */
  retain(routes: readonly KnownRoute[]): void {
    this.#releaseRetired()
    const ids = new Set(routes.map(({ id }) => id))
    const legs = new Map(
      routes.flatMap(({ id, legs = [] }) => legs.map(leg => [legKey(id, leg.name, leg.role), leg])),
    )
    for (const [id, series] of this.#routes) series.retired = !ids.has(id)
    for (const [key, series] of this.#legs) {
      const leg = legs.get(key)
      series.retired = leg === undefined
      if (leg && !leg.circuitBreaker) series.dropBreaker()
    }
    this.#setGenerations(routes)
  }

  reloaded(result: ReloadResult, timeMs: number = Date.now()): void {
    this.#process.reloaded(result, timeMs)
  }

  routeStates(counts: Readonly<Record<RouteState, number>>): void {
    this.#process.routeStates(counts)
  }

  /** Shows from now on how many answers are remembered. */
  remembering(figures: () => { readonly entries: number; readonly bytes: number }): void {
    this.#process.remembering(figures)
  }

  /** Shows from now on where routes come from. */
  follow(status: SourceStatus): void {
    this.#source = new SourceSeries(this.#store, this.#families, status)
  }

  /** The store of shared limits can be reached, or no longer. */
  limitStore(state: 'up' | 'down'): void {
    this.#process.limitStore(state)
  }

  defect(): void {
    this.#process.defect()
  }

  async render(format: ExpositionFormat): Promise<string> {
    this.#process.refresh()
    this.#source?.refresh()
    let text = ''
    const { values } = this.#store.cells
    for (const family of Object.values(this.#families)) text += renderFamily(family, values, format)
    this.#releaseRetired()
    if (this.#runtime) text += await this.#runtime(format)
    return format === 'openmetrics' ? `${text}# EOF\n` : text
  }

  total(): Traffic {
    let requests = this.#releasedRequests
    let inFlight = 0
    for (const series of [this.#unmatched, ...this.#routes.values()]) {
      const figures = series.figures()
      requests += figures.requests
      inFlight += figures.inFlight
    }
    return { requests, inFlight }
  }

  routeFigures(id: string): RouteFigures | undefined {
    return this.#routes.get(id)?.figures()
  }

  legFigures(route: string, upstream: string, role: Role): LegFigures | undefined {
    return this.#legs.get(legKey(route, upstream, role))?.figures()
  }

  #setGenerations(routes: readonly KnownRoute[]): void {
    const { routeGeneration } = this.#families
    for (const series of this.#generations.values()) this.#store.release(routeGeneration, series)
    this.#generations.clear()
    for (const { id, generation } of routes) {
      // Beyond the limit there is none: one `other` for many routes would be a number without a meaning.
      if (generation === undefined || this.#store.full) continue
      const series = this.#store.acquire(routeGeneration, [id])
      this.#generations.set(id, series)
      this.#store.cells.values[series.first] = generation
    }
  }

  #releaseRetired(): void {
    for (const [id, series] of this.#routes) {
      if (!series.retired || !series.idle) continue
      this.#releasedRequests += series.figures().requests
      series.release()
      this.#routes.delete(id)
    }
    for (const [key, series] of this.#legs) {
      if (!series.retired || !series.idle) continue
      series.release()
      this.#legs.delete(key)
    }
  }
}

/** A line feed occurs in no name. */
const legKey = (route: string, upstream: string, role: Role): string => `${route}\n${upstream}\n${role}`
