/** Upper bounds in seconds. */
export const bucketBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** One cell a bucket (not cumulative), one for +Inf, one for the sum in seconds. */
export const histogramWidth = bucketBounds.length + 2
const sumOffset = bucketBounds.length + 1

/** Counts one duration into the histogram whose cells begin at `first`. */
export function observe(values: Float64Array, first: number, durationMs: number): void {
  // Not `durationMs / 1000` as it is: NaN or a negative value would spoil the sum for good.
  const seconds = durationMs > 0 ? durationMs / 1000 : 0
  let bucket = 0
  while (bucket < bucketBounds.length && seconds > bucketBounds[bucket]!) bucket += 1
  values[first + bucket]! += 1
  values[first + sumOffset]! += seconds
}

/** In seconds. */
export const histogramSum = (values: Float64Array, first: number): number => values[first + sumOffset]!

/** Observations of several histograms together, one entry a bucket. */
export function mergeBuckets(values: Float64Array, histograms: Iterable<number>): readonly number[] {
  const merged = new Array<number>(bucketBounds.length + 1).fill(0)
  for (const first of histograms) {
    for (let bucket = 0; bucket < merged.length; bucket += 1) merged[bucket]! += values[first + bucket]!
  }
  return merged
}

/**
 * Estimates a quantile in milliseconds as PromQL's histogram_quantile does: linear within a bucket, the
 * highest bound for what lies beyond it. `null` without observations.
 */
export function quantileMs(buckets: readonly number[], quantile: number): number | null {
  const count = buckets.reduce((total, observations) => total + observations, 0)
  if (count === 0) return null
  const rank = quantile * count
  let below = 0
  for (const [bucket, upper] of bucketBounds.entries()) {
    const observations = buckets[bucket]!
    if (observations > 0 && below + observations >= rank) {
      const lower = bucketBounds[bucket - 1] ?? 0
      return (lower + ((upper - lower) * (rank - below)) / observations) * 1000
    }
    below += observations
  }
  return bucketBounds.at(-1)! * 1000
}
