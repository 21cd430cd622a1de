import { type Bench, candidateNamed } from '../bench.ts'
import type { Candidate } from '../launch/candidate.ts'
import type { Sample, Samples } from '../measure/sample.ts'
import { type Contender, sideBySide } from '../measure/side-by-side.ts'
import { cell } from '../report/format.ts'
import { cpuRatio } from '../report/ratio.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import type { Scenario } from './scenario.ts'

const name = 'routes'
const title = 'CPU per request with many routes, POST 1 KB, primary + shadow'
const types = ['Exact', 'PathPrefix'] as const
const allCounts = [1, 100, 10_000] as const
const one = (type: string) => `${type}, 1`

/** Finding the route is to cost the same with one as with ten thousand. */
export const routes: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const relay = candidateNamed(bench, 'fanout-relay')
  const samples: Samples = new Map()
  const counts = bench.settings.quick ? allCounts.slice(0, 2) : allCounts
  const variants = types.flatMap(type => counts.map(count => ({ type, count, name: `${type}, ${count}` })))
  if (relay) {
    const contenders = variants.map(({ type, count }) => contender(bench, relay, type, count))
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
  return {
    name,
    title,
    columns: ['routes', 'CPU µs/request', '÷ one route', 'RSS MiB idle', 'ready ms', 'failed'],
    rows: variants.map(({ name: variant, type }) => [
      variant,
      of(variant, sample => sample.cpuMicros),
      cell(cpuRatio(samples, variant, one(type))),
      of(variant, sample => sample.rssIdleMiB),
      of(variant, sample => sample.readyMs),
      of(variant, sample => sample.errors),
    ]),
    data: Object.fromEntries(samples),
    figures: types.map(type => ({
      what: `CPU, 10,000 ${type} routes ÷ one`,
      value: cpuRatio(samples, `${type}, 10000`, one(type))?.median,
      // "No growth beyond noise": two runs of the same program differ by about this much here.
      atMost: 1.1,
      unit: '' as const,
    })),
  }
}

function contender(bench: Bench, relay: Candidate, type: (typeof types)[number], count: number): Contender {
  const [primary = 0, secondary = 0] = bench.fast.ports
  const all = Array.from({ length: count }, (_, index) => ({ type, value: `/tenant-${index}/orders` }))
  // Spread over the whole table: always the same one would be found in a cache.
  const asked = Array.from({ length: 100 }, (_, index) => all[Math.floor((index * count) / 100)]!.value)
  const paths = type === 'Exact' ? asked : asked.map(path => `${path}/4711`)
  return {
    name: `${type}, ${count}`,
    request: { method: 'POST', paths, bodyBytes: 1024 },
    start: () => relay.start({ mode: 'shadow', primary, secondary, routes: all }, bench),
  }
}
