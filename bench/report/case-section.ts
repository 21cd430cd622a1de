import type { Candidate } from '../launch/candidate.ts'
import type { Sample, Samples } from '../measure/sample.ts'
import { cell } from './format.ts'
import { cpuRatio } from './ratio.ts'
import type { Figure, Section } from './section.ts'
import { spread } from './stats.ts'

const columns = [
  'candidate',
  'CPU µs/request',
  'CPU ÷ floor',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'RSS MiB idle',
  'RSS MiB load',
  'ready ms',
]

/** The table of one case: a line per candidate, a dash where it cannot do the case or is not there. */
export function caseSection(
  { name, title }: { readonly name: string; readonly title: string },
  candidates: readonly Candidate[],
  samples: Samples,
): Section {
  const errors: string[] = []
  const rows = candidates.map(candidate => {
    const rounds = (samples.get(candidate.name) ?? []).filter(sample => sample !== undefined)
    const bad = rounds.reduce((sum, sample) => sum + sample.errors, 0)
    if (bad > 0) errors.push(`${candidate.name}: ${bad} requests without a good answer`)
    const of = (pick: (sample: Sample) => number | undefined) => cell(spread(rounds.map(pick)))
    return [
      candidate.missing ? `${candidate.name} (MISSING)` : candidate.name,
      of(sample => sample.cpuMicros),
      cell(cpuRatio(samples, candidate.name, 'floor')),
      of(sample => sample.requestsPerSecond),
      of(sample => sample.p50Ms),
      of(sample => sample.p99Ms),
      of(sample => sample.rssIdleMiB),
      of(sample => sample.rssLoadMiB),
      of(sample => sample.readyMs),
    ]
  })
  const data = Object.fromEntries(samples)
  return { name, title, columns, rows, notes: errors, data, figures: figures(name, samples) }
}

/** What the relay is to reach in this case. */
function figures(name: string, samples: Samples): Figure[] {
  const against = (peer: string, atMost: number | undefined): Figure => {
    const value = cpuRatio(samples, 'fanout-relay', peer)?.median
    return { what: `CPU, ${name}, relay ÷ ${peer}`, value, atMost, unit: '' }
  }
  if (name === 'post-1kb-aggregated') return [against('floor', 1.4)]
  if (name !== 'post-1kb') return []
  return [
    against('floor', 1.15),
    against('nginx mirror', 2),
    against('envoy mirror', undefined),
    against('hono-fetch', 1 / 4),
    against('article', 1 / 5),
  ]
}
