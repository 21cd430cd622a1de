import { histogramWidth } from './histogram.ts'

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'info'

/** What the exposition says of a metric. */
export interface MetricHead {
  /** As PromQL sees it: counters end in `_total`, infos in `_info`. */
  readonly name: string
  readonly help: string
  readonly type: MetricType
}

/** One metric with all its series. */
export interface Family extends MetricHead {
  readonly labels: readonly string[]
  /** Cells of one series. */
  readonly width: number
  readonly series: Map<string, Series>
  /** Takes what no longer fits under the limit; every label is `other`. */
  overflow: Series | undefined
}

/** One combination of labels. Owners that come to the same labels share it. */
export interface Series {
  /** `route="shop/orders",code="200"`, escaped. */
  readonly labels: string
  readonly first: number
  owners: number
}

/** A metric without series yet. */
export const family = (
  type: MetricType,
  name: string,
  help: string,
  labels: readonly string[] = [],
): Family => ({
  type,
  name,
  help,
  labels,
  width: type === 'histogram' ? histogramWidth : 1,
  series: new Map(),
  overflow: undefined,
})
