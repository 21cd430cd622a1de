import type { Bench } from '../bench.ts'
import { steadyRss, watchRss } from '../measure/watch-rss.ts'
import { cell } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import { percentile, spread } from '../report/stats.ts'
import { startApart } from '../upstreams/scripted.ts'
import type { Scenario } from './scenario.ts'
import { eachVariant, running, type Variant } from './variants.ts'
import { warmUp } from './warm-up.ts'

const name = 'upload-slow-awaited'
const title = '10 MB to two awaited legs, one of them reading 1 MB/s'
const names = ['fanout-relay', 'floor']
const atOnce = 8

interface Uploaded {
  readonly perRequestMiB: number
  readonly answerMs: number
  readonly errors: number
}

/** A slow awaited leg holds the source back; what waits for it is in the caller's hands, not in ours. */
export const uploadSlowAwaited: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const upstreams = await startApart(bench.cores, ['fast', 'reading:1000000'])
  const situation = `${atOnce} at once` as const
  try {
    const measured = await eachVariant(bench, names, [situation], variant =>
      measure(bench, variant, upstreams.ports),
    )
    const of = (candidate: string, pick: (uploaded: Uploaded) => number) =>
      spread(measured.rounds(candidate, situation).map(uploaded => uploaded && pick(uploaded)))
    const extra = of('fanout-relay', ({ perRequestMiB }) => perRequestMiB)?.median
    return {
      name,
      title: `${title}, ${situation}`,
      columns: ['candidate', 'extra RSS MiB/request', 'answer ms', 'failed'],
      rows: names.map(candidate => [
        candidate,
        cell(of(candidate, ({ perRequestMiB }) => perRequestMiB)),
        cell(of(candidate, ({ answerMs }) => answerMs)),
        cell(of(candidate, ({ errors }) => errors)),
      ]),
      data: measured,
      figures: [{ what: 'extra RSS per request, slow awaited leg', value: extra, atMost: 4, unit: 'MiB' }],
    }
  } finally {
    await upstreams.stop()
  }
}

function measure(bench: Bench, { candidate }: Variant<string>, ports: readonly number[]): Promise<Uploaded> {
  const [primary = 0, secondary = 0] = ports
  const job = { mode: 'aggregate', primary, secondary, streaming: true, requestTimeoutSeconds: 60 } as const
  // In a quick run the kernel's socket buffers hold most of it; only the way through is tried.
  const bytes = (bench.settings.quick ? 2 : 10) * 2 ** 20
  return running(bench, candidate, job, async ({ pid, port }) => {
    await warmUp(bench, port)
    const before = await steadyRss(pid, bench.settings.quick ? 1 : 4000)
    const watch = watchRss(pid)
    const result = await bench.load.upload({ port, bytes, concurrency: atOnce, count: atOnce, maxMs: 40_000 })
    const perRequestMiB = (watch.stop() - before) / atOnce
    return { perRequestMiB, answerMs: percentile(result.answersMs, 50), errors: result.errors }
  })
}
