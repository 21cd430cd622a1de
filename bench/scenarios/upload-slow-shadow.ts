import type { Bench } from '../bench.ts'
import { steadyRss, watchRss } from '../measure/watch-rss.ts'
import { cell } from '../report/format.ts'
import { divide } from '../report/ratio.ts'
import type { Section } from '../report/section.ts'
import { percentile, spread } from '../report/stats.ts'
import { startApart } from '../upstreams/scripted.ts'
import type { Scenario } from './scenario.ts'
import { eachVariant, type Measured, running, type Variant } from './variants.ts'
import { warmUp } from './warm-up.ts'

const name = 'upload-slow-shadow'
const title = '8 uploads of 10 MB at once, the shadow reading 2 MB/s'
const situations = ['no shadow', 'slow shadow'] as const
const names = ['fanout-relay', 'floor', 'nginx mirror', 'envoy mirror']
const atOnce = 8

type Situation = (typeof situations)[number]
interface Uploaded {
  readonly growthMiB: number
  readonly answerMs: number
  readonly errors: number
}

/** The primary is to answer as if the shadow were not there, and memory is to stay where it was. */
export const uploadSlowShadow: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const upstreams = await startApart(bench.cores, ['fast', 'reading:2000000'])
  try {
    const measured = await eachVariant(bench, names, situations, variant =>
      measure(bench, variant, upstreams.ports),
    )
    return report(measured)
  } finally {
    await upstreams.stop()
  }
}

function measure(
  bench: Bench,
  { candidate, situation }: Variant<Situation>,
  ports: readonly number[],
): Promise<Uploaded> {
  const [primary = 0, secondary = 0] = ports
  const mode = situation === 'no shadow' ? 'single' : 'shadow'
  return running(bench, candidate, { mode, primary, secondary, streaming: true }, async ({ pid, port }) => {
    await warmUp(bench, port)
    const before = await steadyRss(pid, bench.settings.quick ? 1 : 4000)
    const watch = watchRss(pid, 20)
    const count = bench.settings.quick ? atOnce : atOnce * 3
    const result = await bench.load.upload({
      port,
      bytes: 10 * 2 ** 20,
      concurrency: atOnce,
      count,
      maxMs: 30_000,
    })
    const growthMiB = watch.stop() - before
    return { growthMiB, answerMs: percentile(result.answersMs, 50), errors: result.errors }
  })
}

function report(measured: Measured<Situation, Uploaded>): Section {
  const of = (candidate: string, situation: Situation, pick: (uploaded: Uploaded) => number) =>
    measured.rounds(candidate, situation).map(uploaded => uploaded && pick(uploaded))
  const ratios = (candidate: string) => {
    const alone = of(candidate, 'no shadow', ({ answerMs }) => answerMs)
    return of(candidate, 'slow shadow', ({ answerMs }) => answerMs).map((value, round) =>
      divide(value, alone[round]),
    )
  }
  const growth = (candidate: string, situation: Situation) =>
    spread(of(candidate, situation, ({ growthMiB }) => growthMiB))
  const rows = names.flatMap(candidate =>
    situations.map(situation => [
      candidate,
      situation,
      cell(spread(of(candidate, situation, ({ answerMs }) => answerMs))),
      situation === 'slow shadow' ? cell(spread(ratios(candidate))) : '',
      cell(growth(candidate, situation)),
      cell(spread(of(candidate, situation, ({ errors }) => errors))),
    ]),
  )
  return {
    name,
    title,
    columns: ['candidate', 'situation', 'answer ms', '÷ no shadow', 'RSS growth MiB', 'failed'],
    rows,
    data: measured,
    figures: [
      {
        what: 'RSS growth, uploads with a slow shadow',
        value: growth('fanout-relay', 'slow shadow')?.median,
        atMost: 50,
        unit: 'MiB',
      },
      {
        what: 'primary answer, slow shadow ÷ no shadow',
        value: spread(ratios('fanout-relay'))?.median,
        atMost: 1.1,
        unit: '',
      },
    ],
  }
}
