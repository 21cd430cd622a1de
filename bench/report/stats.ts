/** A median with what it was taken from: one number is never shown without its spread. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Nearest-rank percentile; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** Undefined where no value is a number: the candidate could not do it. */
export function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter(value => value !== undefined && Number.isFinite(value)) as number[]
  if (known.length === 0) return undefined
  return { median: median(known), min: Math.min(...known), max: Math.max(...known) }
}
