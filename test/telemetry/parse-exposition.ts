import type { ExpositionFormat } from '../../src/telemetry/metrics/exposition.ts'

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface ParsedFamily {
  readonly name: string
  type: string | undefined
  help: string | undefined
  readonly samples: ParsedSample[]
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const number = /^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\+Inf|-Inf|NaN)$/
const types: Readonly<Record<ExpositionFormat, readonly string[]>> = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'summary', 'info', 'stateset', 'unknown'],
}

/**
 * Reads an exposition and refuses whatever Prometheus' text format 0.0.4 or OpenMetrics 1.0.0 forbid: families
 * that are not in one piece, series that occur twice, histograms that do not add up, wrong suffixes and escapes.
 */
export function parseExposition(text: string, format: ExpositionFormat): readonly ParsedSample[] {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed')
  const lines = text.slice(0, -1).split('\n')
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the last line must be # EOF')
  const families = new Map<string, ParsedFamily>()
  const series = new Set<string>()
  let current: ParsedFamily | undefined

  const open = (name: string): ParsedFamily => {
    if (current?.name === name) return current
    if (families.has(name)) throw new Error(`family ${name} is not in one piece`)
    if (!metricName.test(name)) throw new Error(`bad metric name ${name}`)
    current = { name, type: undefined, help: undefined, samples: [] }
    families.set(name, current)
    return current
  }

  for (const line of lines) {
    const meta = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (meta) {
      const [, kind, name, rest] = meta as unknown as [string, string, string, string]
      const family = open(name)
      if (family.samples.length > 0) throw new Error(`${kind} of ${name} after its samples`)
      if (kind === 'HELP') {
        if (family.help !== undefined) throw new Error(`second HELP of ${name}`)
        if (/\\(?![\\n"])/.test(rest)) throw new Error(`bad escape in HELP of ${name}`)
        family.help = rest
      } else {
        if (family.type !== undefined) throw new Error(`second TYPE of ${name}`)
        if (!types[format].includes(rest)) throw new Error(`unknown type ${rest} of ${name}`)
        family.type = rest
      }
      continue
    }
    if (line === '' || line.startsWith('#')) throw new Error(`unexpected line ${JSON.stringify(line)}`)
    const sample = parseSample(line)
    if (!current?.type || !sampleNames(current, format).includes(sample.name)) {
      throw new Error(`sample ${sample.name} stands outside its family (${current?.name})`)
    }
    const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (series.has(identity)) throw new Error(`series occurs twice: ${line}`)
    series.add(identity)
    current.samples.push(sample)
  }
  for (const family of families.values()) checkFamily(family, format)
  return [...families.values()].flatMap(({ samples }) => samples)
}

function parseSample(line: string): ParsedSample {
  const head = /^([^{ ]+)(\{)?/.exec(line)
  if (!head || !metricName.test(head[1]!)) throw new Error(`bad sample ${JSON.stringify(line)}`)
  const labels: Record<string, string> = {}
  let rest = line.slice(head[0].length)
  if (head[2]) {
    for (let first = true; !rest.startsWith('}'); first = false) {
      const label = /^(,?)([^=,{}"]+)="((?:[^"\\\n]|\\[\\"n])*)"/.exec(rest)
      if (!label || (label[1] === '') !== first) throw new Error(`bad labels in ${JSON.stringify(line)}`)
      const name = label[2]!
      if (!labelName.test(name) || Object.hasOwn(labels, name))
        throw new Error(`bad label ${name} in ${line}`)
      labels[name] = label[3]!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
      rest = rest.slice(label[0].length)
    }
    rest = rest.slice(1)
  }
  const value = rest.slice(1)
  if (!rest.startsWith(' ') || !number.test(value)) throw new Error(`bad value in ${JSON.stringify(line)}`)
  return { name: head[1]!, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function sampleNames({ name, type }: ParsedFamily, format: ExpositionFormat): readonly string[] {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`]
  if (format === 'openmetrics' && type === 'counter') return [`${name}_total`]
  if (format === 'openmetrics' && type === 'info') return [`${name}_info`]
  return [name]
}

function checkFamily({ name, type, help, samples }: ParsedFamily, format: ExpositionFormat): void {
  if (help === undefined || type === undefined) throw new Error(`${name} lacks HELP or TYPE`)
  if (samples.length === 0) throw new Error(`${name} has no sample`)
  if (type === 'counter' && format === 'text' && !name.endsWith('_total'))
    throw new Error(`${name} lacks _total`)
  if (type !== 'counter' && name.endsWith('_total')) throw new Error(`${name} is no counter`)
  if (format === 'openmetrics' && /_(total|info|bucket|count|sum)$/.test(name) && type !== 'gauge') {
    throw new Error(`family name ${name} has the suffix of a sample`)
  }
  for (const { value } of samples) {
    if (type !== 'gauge' && !(value >= 0)) throw new Error(`${name} has the value ${value}`)
    if (type === 'info' && value !== 1) throw new Error(`info ${name} is not 1`)
  }
  if (type === 'histogram') checkHistogram(name, samples)
}

function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le, ...labels } }) => JSON.stringify(labels))
  for (const [labels, group] of groups) {
    const buckets = group.filter(sample => sample.name.endsWith('_bucket'))
    const bounds = buckets.map(({ labels: { le } }) => le!)
    if (bounds.some(le => !/^(\+Inf|[0-9]+\.[0-9]+)$/.test(le)))
      throw new Error(`bounds of ${name}: ${bounds}`)
    const numbers = bounds.map(le => (le === '+Inf' ? Infinity : Number(le)))
    if (numbers.some((bound, index) => index > 0 && bound <= numbers[index - 1]!))
      throw new Error('bounds fall')
    if (numbers.at(-1) !== Infinity) throw new Error(`${name}${labels} lacks +Inf`)
    if (buckets.some(({ value }, index) => index > 0 && value < buckets[index - 1]!.value)) {
      throw new Error(`${name}${labels} is not cumulative`)
    }
    const count = group.filter(sample => sample.name.endsWith('_count'))
    const sum = group.filter(sample => sample.name.endsWith('_sum'))
    if (count.length !== 1 || sum.length !== 1)
      throw new Error(`${name}${labels} needs one sum and one count`)
    if (count[0]!.value !== buckets.at(-1)!.value) throw new Error(`${name}${labels}: count is not +Inf`)
  }
}

/** Value of the one sample with this name and these labels; `undefined` when there is none. */
export function sampleValue(
  samples: readonly ParsedSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    sample =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )
  if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} names ${found.length} series`)
  return found[0]?.value
}
