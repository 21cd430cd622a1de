import type { ErrorToken } from '../core/errors.ts'
import type {
  AttemptStart,
  BreakerState,
  LegObserver,
  LegSpan,
  Observer,
  RequestSpan,
  Role,
  RouteObserver,
  SkipReason,
  Tracing,
} from '../core/observer.ts'
import {
  type CallerAnswer,
  type LegTally,
  maxTransitions,
  type RequestRecord,
  type TryKind,
  type TryRecord,
} from './record.ts'
import { roundMs } from './round-ms.ts'
import { formatTryName, requestNumber, type TryName, tryHeader } from './try-header.ts'

/**
 * Watches the data path as telemetry does. What belongs to one request comes through its span; what policies
 * tell is counted by leg. A try begins in the very call that announces it as retry or hedge, and queues in the
 * call that begins it, which is how the two are brought together.
 */
export class Recorder implements Observer {
  readonly unmatched: RouteObserver = silentRoute
  readonly tracing: Tracing
  readonly tallies = new Map<string, LegTally>()
  readonly defects: unknown[] = []
  /** Requests that the route's own rate limit refused. */
  rateLimited = 0
  readonly #open = new Map<number, RequestRecord>()
  readonly #now: () => number
  #startedAt: number
  /** What the next try of a leg is; none = its first. */
  readonly #announced = new Map<string, TryKind>()
  /** The youngest try of each leg. */
  readonly #youngest = new Map<string, TryRecord>()

  constructor(now: () => number) {
    this.#now = now
    this.#startedAt = now()
    this.tracing = {
      fields: [tryHeader],
      request: (_method, _route, headers) => this.#span(requestNumber(headers)),
    }
  }

  /** Now the simulation begins. */
  start(): void {
    this.#startedAt = this.#now()
  }

  /** Since the simulation began. */
  elapsedMs(): number {
    return roundMs(this.#now() - this.#startedAt)
  }

  /** To be called right before request `number` is sent. */
  begin(number: number): RequestRecord {
    const record: RequestRecord = { number, startedAt: this.#now(), tries: [], answer: undefined }
    this.#open.set(number, record)
    return record
  }

  /** The caller has its answer; tries that go on are still written into the record. */
  answered(record: RequestRecord, answer: CallerAnswer): void {
    record.answer = answer
    this.#forgetWhenOver(record)
  }

  #forgetWhenOver(record: RequestRecord): void {
    const isOver = record.answer && record.tries.every(({ endMs }) => endMs !== undefined)
    if (isOver) this.#open.delete(record.number)
  }

  route(): RouteObserver {
    return { ...silentRoute, rateLimited: () => this.rateLimited++ }
  }

  leg(_route: string, name: string, role: Role): LegObserver {
    const tally = newTally(name, role)
    this.tallies.set(name, tally)
    const ended = (result: string): void => {
      tally.results[result] = (tally.results[result] ?? 0) + 1
    }
    return {
      started: () => tally.sent++,
      ended: (status, error) => ended(status > 0 && isAnswer(error) ? String(status) : error),
      staleConnection: ignore,
      refused: ended,
      skipped: (reason: SkipReason) => {
        tally.skipped[reason] = (tally.skipped[reason] ?? 0) + 1
      },
      retried: () => {
        tally.retries++
        this.#announced.set(name, 'retry')
      },
      hedged: () => {
        tally.hedges++
        this.#announced.set(name, 'hedge')
      },
      retriesExhausted: ignore,
      budgetSpent: () => tally.budgetRefused++,
      rateLimited: () => tally.rateLimited++,
      queued: change => {
        if (change < 0) return
        tally.queued++
        const youngest = this.#youngest.get(name)
        if (youngest) youngest.queued = true
      },
      breaker: state => this.#breaker(tally, state),
      limitFellBack: ignore,
    }
  }

  defect(error: unknown): void {
    if (this.defects.length < maxDefects) this.defects.push(error)
  }

  #since({ startedAt }: RequestRecord): number {
    return roundMs(this.#now() - startedAt)
  }

  #span(number: number | undefined): RequestSpan {
    const record = number === undefined ? undefined : this.#open.get(number)
    return {
      traceparent: '',
      attempt: attempt => (record ? this.#try(record, attempt) : silentSpan),
      end: ignore,
    }
  }

  #try(record: RequestRecord, { upstream: leg, role }: AttemptStart): LegSpan {
    const kind = this.#announced.get(leg) ?? 'first'
    this.#announced.delete(leg)
    if (kind === 'first') this.tallies.get(leg)!.offered++
    const number = record.tries.filter(earlier => earlier.leg === leg).length + 1
    const begun: TryRecord = {
      leg,
      role,
      number,
      kind,
      startMs: this.#since(record),
      queued: false,
      arrivedMs: undefined,
      endMs: undefined,
      status: 0,
      error: '',
    }
    record.tries.push(begun)
    // It may have been over: a copy that waits before a retry has no try under way.
    this.#open.set(record.number, record)
    this.#youngest.set(leg, begun)
    const name: TryName = { request: record.number, number }
    return {
      headers: [tryHeader, formatTryName(name)],
      end: (status: number, error: ErrorToken | '') => {
        if (begun.endMs !== undefined) return
        begun.endMs = this.#since(record)
        begun.status = status
        begun.error = error
        this.#forgetWhenOver(record)
      },
    }
  }

  /** A try has reached its leg. */
  arrived(leg: string, { request, number }: TryName): void {
    const record = this.#open.get(request)
    const found = record?.tries.find(each => each.leg === leg && each.number === number)
    if (record && found) found.arrivedMs = this.#since(record)
  }

  #breaker(tally: LegTally, state: BreakerState): void {
    const last = tally.transitions.at(-1)?.state ?? 'closed'
    if (tally.transitionCount === 0 && state === last) return
    tally.transitionCount++
    if (tally.transitions.length < maxTransitions) tally.transitions.push({ state, atMs: this.elapsedMs() })
  }
}

/** One is enough to report; a broken relay may have thousands. */
const maxDefects = 5

/** A status says more than that it is one. */
const isAnswer = (error: ErrorToken | ''): boolean => error === '' || error === 'http_status'

const newTally = (name: string, role: Role): LegTally => ({
  name,
  role,
  offered: 0,
  sent: 0,
  results: {},
  retries: 0,
  hedges: 0,
  budgetRefused: 0,
  rateLimited: 0,
  queued: 0,
  skipped: {},
  transitions: [],
  transitionCount: 0,
})

const ignore = (): void => {}

const silentSpan: LegSpan = { headers: [], end: ignore }

const silentRoute: RouteObserver = {
  started: ignore,
  ended: ignore,
  rateLimited: ignore,
  limitFellBack: ignore,
  idempotency: ignore,
}
