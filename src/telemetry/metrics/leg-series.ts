import type { ErrorToken } from '../../core/errors.ts'
import type { LegFigures } from '../../core/figures.ts'
import type { LegObserver, Role, SkipReason } from '../../core/observer.ts'
import type { Cells } from './cells.ts'
import type { Families } from './families.ts'
import type { Series } from './family.ts'
import { mergeBuckets, observe, quantileMs } from './histogram.ts'
import { errorNumber, errors, statusLabel, statusNumber } from './label-values.ts'
import { type PolicyEvents, PolicySeries } from './policy-series.ts'
import { discarded, type SeriesStore } from './series-store.ts'

export interface LegIdentity {
  readonly route: string
  readonly upstream: string
  readonly role: Role
}

/** The series of one leg in one role. */
export class LegSeries extends PolicySeries implements LegObserver {
  /** True when no table names the leg any more: released once nothing is in flight. */
  retired = false
  readonly route: string
  readonly #store: SeriesStore
  readonly #cells: Cells
  readonly #families: Families
  readonly #upstream: string
  readonly #role: Role
  #inFlight: Series
  #duration: Series
  readonly #requests = new Map<number, Series>()
  readonly #skipped = new Map<SkipReason, Series>()
  #pending = 0
  #released = false

  constructor(store: SeriesStore, families: Families, leg: LegIdentity, events?: PolicyEvents) {
    const { route, upstream, role } = leg
    super(store, families, [route, upstream], events)
    this.#store = store
    this.#cells = store.cells
    this.#families = families
    this.route = route
    this.#upstream = upstream
    this.#role = role
    this.#inFlight = store.acquire(families.upstreamInFlight, [route, upstream])
    this.#duration = store.acquire(families.upstreamDuration, [route, upstream])
  }

  started(): void {
    this.#pending += 1
    this.#cells.values[this.#inFlight.first]! += 1
  }

  ended(status: number, error: ErrorToken | '', durationMs: number): void {
    const requests = this.#requestsWith(status, error)
    this.#pending -= 1
    const values = this.#cells.values
    values[this.#inFlight.first]! -= 1
    values[requests.first]! += 1
    observe(values, this.#duration.first, durationMs)
  }

  /** Without a duration: waiting for nothing would make the upstream look fast. */
  refused(error: ErrorToken): void {
    const requests = this.#requestsWith(0, error)
    this.#cells.values[requests.first]! += 1
  }

  skipped(reason: SkipReason): void {
    const series = this.#skipped.get(reason) ?? this.#bindSkipped(reason)
    this.#cells.values[series.first]! += 1
  }

  /** Own count: the gauge is shared with the same leg in another role, or with `other`. */
  get idle(): boolean {
    return this.#pending === 0 && this.waiting === 0
  }

  figures(): LegFigures {
    const values = this.#cells.values
    const byError: Partial<Record<ErrorToken, number>> = {}
    let requests = 0
    let failures = 0
    for (const [key, series] of this.#requests) {
      const count = values[series.first]!
      const error = errors[key & 31]!
      requests += count
      if (error === '') continue
      failures += count
      byError[error] = (byError[error] ?? 0) + count
    }
    const bySkipReason: Partial<Record<SkipReason, number>> = {}
    for (const [reason, series] of this.#skipped) bySkipReason[reason] = values[series.first]!
    const buckets = mergeBuckets(values, [this.#duration.first])
    return {
      requests,
      failures,
      inFlight: this.#pending,
      byError,
      bySkipReason,
      latency: { p50Ms: quantileMs(buckets, 0.5), p95Ms: quantileMs(buckets, 0.95) },
      ...this.policyFigures(),
    }
  }

  /** Gives the cells back. Whoever still holds this handle may go on calling it: nothing is counted. */
  override release(): void {
    super.release()
    const { upstreamRequests, upstreamSkipped, upstreamInFlight, upstreamDuration } = this.#families
    for (const series of this.#requests.values()) this.#store.release(upstreamRequests, series)
    for (const series of this.#skipped.values()) this.#store.release(upstreamSkipped, series)
    this.#store.release(upstreamInFlight, this.#inFlight)
    this.#store.release(upstreamDuration, this.#duration)
    this.#requests.clear()
    this.#skipped.clear()
    this.#inFlight = discarded
    this.#duration = discarded
    this.#released = true
  }

  #requestsWith(status: number, error: ErrorToken | ''): Series {
    const key = (statusNumber(status) << 5) | errorNumber[error]!
    return this.#requests.get(key) ?? this.#bindRequests(key)
  }

  #bindRequests(key: number): Series {
    if (this.#released) return discarded
    const { upstreamRequests } = this.#families
    const series = this.#store.acquireOwn(upstreamRequests, () => [
      this.route,
      this.#upstream,
      this.#role,
      statusLabel(key >> 5),
      errors[key & 31]!,
    ])
    // Overflow is not remembered: room may be made later.
    if (series !== upstreamRequests.overflow) this.#requests.set(key, series)
    return series
  }

  #bindSkipped(reason: SkipReason): Series {
    if (this.#released) return discarded
    const { upstreamSkipped } = this.#families
    const series = this.#store.acquireOwn(upstreamSkipped, () => [
      this.route,
      this.#upstream,
      this.#role,
      reason,
    ])
    if (series !== upstreamSkipped.overflow) this.#skipped.set(reason, series)
    return series
  }
}
