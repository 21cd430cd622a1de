import type { CallerAnswer, RequestRecord } from './record.ts'

export interface Latency {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** What callers got, over all requests: counted as they end, so that only the records worth showing are kept. */
export class Totals {
  requests = 0
  /** By outcome, then by status; 0 = no answer. */
  readonly byOutcome: Partial<Record<CallerAnswer['outcome'], Record<string, number>>> = {}
  slowest: RequestRecord | undefined
  failed: RequestRecord | undefined
  /** In order of their numbers, at most `keep`. */
  readonly first: RequestRecord[] = []
  readonly #durations: number[] = []
  readonly #keep: number

  constructor(keep: number) {
    this.#keep = keep
  }

  add(record: RequestRecord, { status, outcome, atMs }: CallerAnswer): void {
    this.requests++
    this.byOutcome[outcome] ??= {}
    const statuses = this.byOutcome[outcome]
    statuses[status] = (statuses[status] ?? 0) + 1
    this.#durations.push(atMs)
    this.show(record)
    if (atMs > (this.slowest?.answer?.atMs ?? -1)) this.slowest = record
    this.failed = worse(this.failed, record)
  }

  /** One that is shown if it is among the first, answered or not. */
  show(record: RequestRecord): void {
    if (this.first.length < this.#keep) this.first.push(record)
  }

  count(outcome: CallerAnswer['outcome']): number {
    return Object.values(this.byOutcome[outcome] ?? {}).reduce((sum, count) => sum + count, 0)
  }

  /** `undefined` before the first answer. */
  latency(): Latency | undefined {
    const sorted = this.#durations.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!
    return sorted.length === 0
      ? undefined
      : { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) }
  }
}

/** A request whose legs were tried shows more than one that was turned away. */
const severity: readonly CallerAnswer['outcome'][] = ['rejected', 'partial', 'failed']

const worse = (known: RequestRecord | undefined, next: RequestRecord): RequestRecord | undefined => {
  const rank = (record: RequestRecord | undefined): number =>
    record?.answer ? severity.indexOf(record.answer.outcome) : -1
  return rank(next) > rank(known) ? next : known
}
