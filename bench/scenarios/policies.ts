import { type Bench, candidateNamed } from '../bench.ts'
import type { Candidate } from '../launch/candidate.ts'
import type { Sample, Samples } from '../measure/sample.ts'
import { type Contender, sideBySide } from '../measure/side-by-side.ts'
import { cell } from '../report/format.ts'
import { cpuRatio } from '../report/ratio.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import type { Scenario } from './scenario.ts'

const name = 'policies'
const title = 'CPU per request with every policy on every leg, POST 1 KB, nothing failing'
const modes = ['shadow', 'aggregate'] as const
const none = (mode: string) => `${mode}, none`
const again = (mode: string) => `${mode}, none again`
const every = (mode: string) => `${mode}, every policy`

/** Policies that have nothing to do must cost next to nothing. */
export const policies: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const relay = candidateNamed(bench, 'fanout-relay')
  const samples: Samples = new Map()
  const names = modes.flatMap(mode => [none(mode), again(mode), every(mode)])
  if (relay) {
    const contenders = modes.flatMap(mode => [
      contender(bench, relay, { name: none(mode), mode, policies: false }),
      contender(bench, relay, { name: again(mode), mode, policies: false }),
      contender(bench, relay, { name: every(mode), mode, policies: true }),
    ])
    for (let round = 0; round < bench.settings.rounds; round += 1) {
      for (const [variant, sample] of await sideBySide(bench, contenders, {})) {
        const rounds = samples.get(variant) ?? []
        rounds[round] = sample
        samples.set(variant, rounds)
      }
    }
  }
  const of = (variant: string, pick: (sample: Sample) => number | undefined) =>
    cell(spread((samples.get(variant) ?? []).map(sample => sample && pick(sample))))
  const baseOf = (variant: string) => none(variant.slice(0, variant.indexOf(',')))
  return {
    name,
    title,
    columns: ['policies', 'CPU µs/request', '÷ none', 'failed'],
    rows: names.map(variant => [
      variant,
      of(variant, sample => sample.cpuMicros),
      cell(cpuRatio(samples, variant, baseOf(variant))),
      of(variant, sample => sample.errors),
    ]),
    data: Object.fromEntries(samples),
    figures: modes.map(mode => ({
      what: `CPU, every policy ÷ none, ${mode}`,
      value: cpuRatio(samples, every(mode), none(mode))?.median,
      // Two runs of the same program differ by about this much here.
      atMost: 1.1,
      unit: '' as const,
    })),
  }
}

interface Variant {
  readonly name: string
  readonly mode: (typeof modes)[number]
  readonly policies: boolean
}

function contender(
  bench: Bench,
  relay: Candidate,
  { name: variant, mode, policies: on }: Variant,
): Contender {
  const [primary = 0, secondary = 0] = bench.fast.ports
  return {
    name: variant,
    request: { method: 'POST', paths: ['/orders/4711'], bodyBytes: 1024 },
    start: () => relay.start({ mode, primary, secondary, policies: on }, bench),
  }
}
