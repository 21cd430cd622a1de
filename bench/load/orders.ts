/** What the runner asks of the load generator, and what it gets back. Plain data: it crosses a process border. */

export interface RequestShape {
  readonly method: 'GET' | 'POST'
  /** Requests go round these paths in turn. */
  readonly paths: readonly string[]
  /** Size of the JSON body; 0 for none. */
  readonly bodyBytes: number
}

export interface ClosedOrder {
  readonly kind: 'closed'
  readonly port: number
  readonly request: RequestShape
  readonly connections: number
  /** Sent first and not measured. */
  readonly warmup: number
  readonly count: number
  readonly maxMs: number
}

export interface OpenOrder {
  readonly kind: 'open'
  readonly port: number
  readonly request: RequestShape
  readonly connections: number
  readonly ratePerSecond: number
  /** Requests due in this first part are sent, and not measured. */
  readonly warmupMs: number
  readonly durationMs: number
  /** How long to wait for what is still open at the end. */
  readonly graceMs: number
}

export interface UploadOrder {
  readonly kind: 'upload'
  readonly port: number
  readonly bytes: number
  readonly concurrency: number
  readonly count: number
  readonly maxMs: number
}

/** Opens requests that nobody answers, and keeps them open until `release`. */
export interface HoldOrder {
  readonly kind: 'hold'
  readonly port: number
  readonly request: RequestShape
  readonly count: number
}

export type Order = ClosedOrder | OpenOrder | UploadOrder | HoldOrder | { readonly kind: 'release' }

export interface ClosedResult {
  readonly completed: number
  readonly errors: number
  readonly elapsedMs: number
}

export interface OpenResult {
  readonly sent: number
  readonly errors: number
  /** Requests still unanswered at the end: they count with the time they had waited by then. */
  readonly unanswered: number
  readonly p50: number
  readonly p99: number
}

export interface UploadResult {
  readonly answersMs: readonly number[]
  readonly errors: number
}

export interface HoldResult {
  readonly open: number
}

export type Result = ClosedResult | OpenResult | UploadResult | HoldResult
