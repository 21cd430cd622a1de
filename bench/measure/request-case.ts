import type { Bench } from '../bench.ts'
import type { Case } from './cases.ts'
import type { Sample } from './sample.ts'
import { sideBySide } from './side-by-side.ts'

/** One round of a case over all candidates that can do it. */
export function requestRound(
  bench: Bench,
  { mode, request, ratePerSecond }: Case,
): Promise<Map<string, Sample>> {
  const [primary = 0, secondary = 0] = bench.fast.ports
  const contenders = bench.candidates
    .filter(candidate => candidate.modes.includes(mode))
    .map(candidate => ({
      name: candidate.name,
      request,
      start: () => candidate.start({ mode, primary, secondary }, bench),
    }))
  return sideBySide(bench, contenders, { ratePerSecond })
}
