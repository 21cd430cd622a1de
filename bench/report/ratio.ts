import type { Samples } from '../measure/sample.ts'
import { type Spread, spread } from './stats.ts'

/** CPU against another candidate: the ratio inside each round, then the median of those ratios. */
export function cpuRatio(samples: Samples, of: string, against: string): Spread | undefined {
  const base = samples.get(against) ?? []
  return spread(
    (samples.get(of) ?? []).map((sample, round) => divide(sample?.cpuMicros, base[round]?.cpuMicros)),
  )
}

export function divide(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by
}
