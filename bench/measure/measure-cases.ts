import type { Bench } from '../bench.ts'
import type { Candidate } from '../launch/candidate.ts'
import { caseSection } from '../report/case-section.ts'
import type { Section } from '../report/section.ts'
import { requestCases, uploadCase } from './cases.ts'
import { requestRound } from './request-case.ts'
import type { Sample, Samples } from './sample.ts'
import { uploadRound } from './upload-case.ts'

/** All rounds of the chosen cases. Round by round, not case by case: a bad hour then hits all cases alike. */
export async function measureCases(
  bench: Bench,
  chosen: readonly Candidate[],
  names: readonly string[],
): Promise<Section[]> {
  const cases = [
    ...requestCases.map(one => ({ name: one.name, title: one.title, round: () => requestRound(bench, one) })),
    { ...uploadCase, round: () => uploadRound(bench) },
  ].filter(({ name }) => names.includes(name))

  const samples = new Map<string, Samples>(cases.map(({ name }) => [name, new Map()]))
  for (let round = 0; round < bench.settings.rounds; round += 1) {
    for (const { name, round: measure } of cases) {
      bench.say(`round ${round + 1} of ${bench.settings.rounds}: ${name}`)
      record(samples.get(name)!, round, await measure())
    }
  }
  return cases.map(one => caseSection(one, chosen, samples.get(one.name)!))
}

function record(samples: Samples, round: number, measured: ReadonlyMap<string, Sample>): void {
  for (const [candidate, sample] of measured) {
    const rounds = samples.get(candidate) ?? []
    rounds[round] = sample
    samples.set(candidate, rounds)
  }
}
