import type { Family, MetricHead } from './family.ts'
import { bucketBounds, histogramSum } from './histogram.ts'

/** Prometheus text 0.0.4, or OpenMetrics 1.0.0. */
export type ExpositionFormat = 'text' | 'openmetrics'

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

const bucketCount = bucketBounds.length + 1

/**
 * `1.0`, not `1`, in both formats: OpenMetrics wants it, and a series must not change its name with the
 * format a server happens to negotiate.
 */
const boundLabels = [
  ...bucketBounds.map(bound => (Number.isInteger(bound) ? `${bound}.0` : String(bound))),
  '+Inf',
]

/** HELP and TYPE. OpenMetrics names a counter or info without its suffix. */
export function renderHead({ name, help, type }: MetricHead, format: ExpositionFormat): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  if (format === 'openmetrics') {
    const base = name.replace(type === 'counter' ? /_total$/ : type === 'info' ? /_info$/ : /$^/, '')
    return `# HELP ${base} ${escaped.replaceAll('"', '\\"')}\n# TYPE ${base} ${type}\n`
  }
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`
}

/** One line; `labels` are formatted, '' = none. */
export const renderSample = (name: string, labels: string, value: number): string =>
  labels === '' ? `${name} ${formatValue(value)}\n` : `${name}{${labels}} ${formatValue(value)}\n`

/** '' for a metric without series. */
export function renderFamily(family: Family, values: Float64Array, format: ExpositionFormat): string {
  if (family.series.size === 0) return ''
  let text = renderHead(family, format)
  if (family.type === 'histogram') {
    const parts = histogramParts(family.name)
    for (const { labels, first } of family.series.values())
      text += renderHistogram(parts, labels, values, first)
  } else {
    for (const { labels, first } of family.series.values())
      text += renderSample(family.name, labels, values[first]!)
  }
  return text
}

interface HistogramParts {
  readonly bucket: string
  readonly sum: string
  readonly count: string
}

const histogramParts = (name: string): HistogramParts => ({
  bucket: `${name}_bucket{`,
  sum: `${name}_sum{`,
  count: `${name}_count{`,
})

/** Every histogram has labels, so none is rendered without. */
function renderHistogram(parts: HistogramParts, labels: string, values: Float64Array, first: number): string {
  const start = `${parts.bucket}${labels},le="`
  let text = ''
  let count = 0
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    count += values[first + bucket]!
    text += `${start}${boundLabels[bucket]}"} ${count}\n`
  }
  return `${text}${parts.sum}${labels}} ${histogramSum(values, first)}\n${parts.count}${labels}} ${count}\n`
}

const formatValue = (value: number): string => {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
