/** One contender in one round. What could not be measured is absent. */
export interface Sample {
  readonly cpuMicros?: number
  readonly requestsPerSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly rssIdleMiB?: number
  readonly rssLoadMiB?: number
  readonly readyMs?: number
  /** Answers that were not 2xx, or never came. */
  readonly errors: number
}

/** Samples by contender; the index is the round, so that ratios can be taken within one round. */
export type Samples = Map<string, (Sample | undefined)[]>
