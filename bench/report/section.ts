/** A part of the report: one table for people, the data behind it for programs, and the figures to reach. */
export interface Section {
  readonly name: string
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly notes?: readonly string[]
  readonly data: unknown
  readonly figures: readonly Figure[]
}

/** One figure the product sets itself, and what this run measured. */
export interface Figure {
  readonly what: string
  /** Undefined where this run did not measure it. */
  readonly value: number | undefined
  /** Undefined for figures that are only reported. */
  readonly atMost: number | undefined
  readonly unit: '' | 'MiB' | 'KiB' | 'ms'
}

export function verdict({ value, atMost }: Figure): 'reached' | 'missed' | 'reported' | 'not measured' {
  if (value === undefined || !Number.isFinite(value)) return 'not measured'
  if (atMost === undefined) return 'reported'
  return value <= atMost ? 'reached' : 'missed'
}
