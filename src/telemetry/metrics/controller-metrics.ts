import { createControllerFamilies } from './controller-families.ts'
import { type ExpositionFormat, renderFamily } from './exposition.ts'
import type { Family, Series } from './family.ts'
import { observe } from './histogram.ts'
import type { BuildInfo } from './process-series.ts'
import { createRuntimeMetrics } from './runtime-metrics.ts'
import { SeriesStore } from './series-store.ts'

export interface ControllerMetricsOptions {
  readonly build: BuildInfo
  /** Combinations of labels. Defaults to 20,000: 4,000 namespaces. */
  readonly maxSeries?: number
  /** `process_*` and `nodejs_*`. Defaults to on. */
  readonly runtime?: 'on' | 'off'
}

const results = ['success', 'conflict', 'error'] as const
const eventResults = ['sent', 'failed', 'dropped'] as const
const relayStates = ['current', 'outdated', 'unreachable', 'pending'] as const

/** Counts what the controller reports and renders it for Prometheus. Only the leader has figures of namespaces. */
export class ControllerMetrics {
  readonly #families = createControllerFamilies()
  readonly #store: SeriesStore
  readonly #leader: Series
  readonly #writes: Series
  readonly #ofNamespace = new Map<string, { readonly family: Family; readonly series: Series }[]>()
  readonly #runtime: ((format: ExpositionFormat) => Promise<string>) | undefined

  constructor({ build, maxSeries = 20_000, runtime = 'on' }: ControllerMetricsOptions) {
    this.#store = new SeriesStore(maxSeries)
    const { leader, statusWrites, reconciles, reconcileDuration, events, buildInfo } = this.#families
    this.#leader = this.#store.acquire(leader, [])
    this.#writes = this.#store.acquire(statusWrites, [])
    // Counters exist from the start, so that rates see the first of each.
    for (const result of results) {
      this.#store.acquire(reconciles, [result])
      this.#store.acquire(reconcileDuration, [result])
    }
    for (const result of eventResults) this.#store.acquire(events, [result])
    const info = this.#store.acquire(buildInfo, [build.version, build.revision, build.node])
    this.#store.cells.values[info.first] = 1
    this.#runtime = runtime === 'on' ? createRuntimeMetrics() : undefined
  }

  leading(is: boolean): void {
    this.#store.cells.values[this.#leader.first] = is ? 1 : 0
  }

  reconciled(result: (typeof results)[number], durationMs: number): void {
    const { reconciles, reconcileDuration } = this.#families
    this.#count(reconciles, result)
    const series = this.#store.acquire(reconcileDuration, [result])
    observe(this.#store.cells.values, series.first, durationMs)
    this.#store.release(reconcileDuration, series)
  }

  statusWritten(): void {
    this.#store.cells.values[this.#writes.first]! += 1
  }

  event(result: (typeof eventResults)[number]): void {
    this.#count(this.#families.events, result)
  }

  /** Of the injector; both are from short fixed lists. */
  request(result: string, reason: string): void {
    // Its one owner keeps it: a total does not go away.
    const series = this.#store.acquire(this.#families.injectorRequests, [result, reason])
    this.#store.cells.values[series.first]! += 1
  }

  certificateExpiresAt(ms: number): void {
    const series = this.#store.acquire(this.#families.certificateExpiry, [])
    this.#store.cells.values[series.first] = ms / 1000
  }

  relays(namespace: string, counts: Readonly<Record<(typeof relayStates)[number], number>>): void {
    for (const state of relayStates) this.#set(this.#families.relays, namespace, [state], counts[state])
  }

  uninjectedPods(namespace: string, count: number): void {
    this.#set(this.#families.uninjected, namespace, [], count)
  }

  forget(namespace: string): void {
    for (const { family, series } of this.#ofNamespace.get(namespace) ?? [])
      this.#store.release(family, series)
    this.#ofNamespace.delete(namespace)
  }

  async render(format: ExpositionFormat): Promise<string> {
    const { values } = this.#store.cells
    let text = ''
    for (const family of Object.values(this.#families)) text += renderFamily(family, values, format)
    if (this.#runtime) text += await this.#runtime(format)
    return format === 'openmetrics' ? `${text}# EOF\n` : text
  }

  /** For series that exist from the start. */
  #count(family: Family, result: string): void {
    const series = this.#store.acquire(family, [result])
    this.#store.cells.values[series.first]! += 1
    this.#store.release(family, series)
  }

  #set(family: Family, namespace: string, rest: readonly string[], value: number): void {
    const series = this.#store.acquire(family, [namespace, ...rest])
    if (series === family.overflow) return
    this.#store.cells.values[series.first] = value
    // One owner: the namespace, however often it is looked at.
    if (series.owners > 1) return this.#store.release(family, series)
    const own = this.#ofNamespace.get(namespace) ?? []
    own.push({ family, series })
    this.#ofNamespace.set(namespace, own)
  }
}
