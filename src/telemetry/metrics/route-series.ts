import type { RouteFigures } from '../../core/figures.ts'
import type { IdempotencyResult, RouteObserver, RouteOutcome } from '../../core/observer.ts'
import type { Cells } from './cells.ts'
import type { Families } from './families.ts'
import type { Series } from './family.ts'
import { mergeBuckets, observe, quantileMs } from './histogram.ts'
import {
  methodNumber,
  methods,
  otherMethod,
  outcomeNumber,
  outcomes,
  statusLabel,
  statusNumber,
} from './label-values.ts'
import { LazySeries } from './lazy-series.ts'
import type { PolicyEvents } from './policy-series.ts'
import { discarded, type SeriesStore } from './series-store.ts'

/** The series of one route. A combination of labels is formatted when it first occurs, then never again. */
export class RouteSeries implements RouteObserver {
  /** True when no table names the route any more: released once nothing is in flight. */
  retired = false
  readonly #store: SeriesStore
  readonly #cells: Cells
  readonly #families: Families
  readonly #route: string
  #inFlight: Series
  readonly #requests = new Map<number, Series>()
  readonly #durations: (Series | undefined)[] = outcomes.map(() => undefined)
  readonly #policies: LazySeries
  readonly #events: PolicyEvents | undefined
  #pending = 0
  #released = false

  constructor(store: SeriesStore, families: Families, route: string, events?: PolicyEvents) {
    this.#store = store
    this.#cells = store.cells
    this.#families = families
    this.#route = route
    this.#inFlight = store.acquire(families.requestsInFlight, [route])
    this.#policies = new LazySeries(store, [route])
    this.#events = events
  }

  started(): void {
    this.#pending += 1
    this.#cells.values[this.#inFlight.first]! += 1
  }

  ended(method: string, status: number, outcome: RouteOutcome, durationMs: number): void {
    const outcomeIndex = outcomeNumber[outcome]!
    const key = (statusNumber(status) << 7) | ((methodNumber[method] ?? otherMethod) << 3) | outcomeIndex
    const requests = this.#requests.get(key) ?? this.#bindRequests(key)
    const duration = this.#durations[outcomeIndex] ?? this.#bindDuration(outcomeIndex)
    this.#pending -= 1
    const values = this.#cells.values
    values[this.#inFlight.first]! -= 1
    values[requests.first]! += 1
    observe(values, duration.first, durationMs)
  }

  rateLimited(): void {
    this.#policies.count(this.#families.rateLimited)
  }

  idempotency(result: IdempotencyResult): void {
    this.#policies.count(this.#families.idempotency, result)
  }

  limitFellBack(): void {
    this.#policies.count(this.#families.limitFallbacks)
    this.#events?.limitFellBack()
  }

  /** Own count: the gauge may be that of `other`. */
  get idle(): boolean {
    return this.#pending === 0
  }

  figures(): RouteFigures {
    const values = this.#cells.values
    const byOutcome = { success: 0, partial: 0, failed: 0, cancelled: 0, rejected: 0, unmatched: 0 }
    let requests = 0
    for (const [key, series] of this.#requests) {
      const count = values[series.first]!
      byOutcome[outcomes[key & 7]!] += count
      requests += count
    }
    const buckets = mergeBuckets(
      values,
      this.#durations.filter(series => series !== undefined).map(series => series.first),
    )
    return {
      requests,
      inFlight: this.#pending,
      byOutcome,
      latency: { p50Ms: quantileMs(buckets, 0.5), p95Ms: quantileMs(buckets, 0.95) },
    }
  }

  /** Gives the cells back. Whoever still holds this handle may go on calling it: nothing is counted. */
  release(): void {
    const { requests, requestDuration, requestsInFlight } = this.#families
    for (const series of this.#requests.values()) this.#store.release(requests, series)
    for (const series of this.#durations) if (series) this.#store.release(requestDuration, series)
    this.#store.release(requestsInFlight, this.#inFlight)
    this.#policies.release()
    this.#requests.clear()
    this.#durations.fill(undefined)
    this.#inFlight = discarded
    this.#released = true
  }

  #bindRequests(key: number): Series {
    if (this.#released) return discarded
    const { requests } = this.#families
    const series = this.#store.acquireOwn(requests, () => [
      this.#route,
      methods[(key >> 3) & 15]!,
      statusLabel(key >> 7),
      outcomes[key & 7]!,
    ])
    // Overflow is not remembered: room may be made later.
    if (series !== requests.overflow) this.#requests.set(key, series)
    return series
  }

  #bindDuration(outcomeIndex: number): Series {
    if (this.#released) return discarded
    const { requestDuration } = this.#families
    const series = this.#store.acquireOwn(requestDuration, () => [this.#route, outcomes[outcomeIndex]!])
    if (series !== requestDuration.overflow) this.#durations[outcomeIndex] = series
    return series
  }
}
