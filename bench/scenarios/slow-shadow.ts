import type { Bench } from '../bench.ts'
import type { OpenResult } from '../load/orders.ts'
import { cell } from '../report/format.ts'
import { divide } from '../report/ratio.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import { startScripted } from '../upstreams/scripted.ts'
import type { Scenario } from './scenario.ts'
import { eachVariant, type Measured, running, type Variant } from './variants.ts'

const name = 'slow-shadow'
const title = 'A slow shadow: 200 requests/s on 64 keep-alive connections, POST 1 KB'
const situations = ['healthy', '1 s late', 'hung'] as const
const names = ['fanout-relay', 'floor', 'nginx mirror', 'envoy mirror']

type Situation = (typeof situations)[number]

/** A shadow that is late or silent must not be felt by the caller. */
export const slowShadow: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const upstreams = await startScripted(bench.cores, ['fast', 'late:1000', 'hung'])
  try {
    const measured = await eachVariant(bench, names, situations, variant =>
      measure(bench, variant, upstreams.ports),
    )
    return report(measured)
  } finally {
    await upstreams.stop()
  }
}

function measure(bench: Bench, variant: Variant<Situation>, ports: readonly number[]): Promise<OpenResult> {
  const secondary = ports[situations.indexOf(variant.situation)] ?? 0
  const job = { mode: 'shadow', primary: bench.fast.ports[0] ?? 0, secondary } as const
  const { slowShadowMs: durationMs } = bench.settings
  return running(bench, variant.candidate, job, ({ port }) =>
    bench.load.open({
      port,
      request: { method: 'POST', paths: ['/orders/4711'], bodyBytes: 1024 },
      connections: 64,
      ratePerSecond: 200,
      warmupMs: durationMs / 4,
      durationMs,
      graceMs: 500,
    }),
  )
}

function report(measured: Measured<Situation, OpenResult>): Section {
  const p50 = (candidate: string, situation: Situation) =>
    measured.rounds(candidate, situation).map(result => result?.p50)
  const ratios = (candidate: string, situation: Situation) => {
    const healthy = p50(candidate, 'healthy')
    return p50(candidate, situation).map((value, round) => divide(value, healthy[round]))
  }
  const rows = names.flatMap(candidate =>
    situations.map(situation => {
      const of = (pick: (result: OpenResult) => number) =>
        cell(spread(measured.rounds(candidate, situation).map(result => result && pick(result))))
      return [
        candidate,
        situation,
        of(result => result.p50),
        of(result => result.p99),
        cell(spread(ratios(candidate, situation))),
        of(result => result.unanswered + result.errors),
      ]
    }),
  )
  const figure = (situation: Situation) => ({
    what: `client p50, shadow ${situation} ÷ healthy`,
    value: spread(ratios('fanout-relay', situation))?.median,
    atMost: 1.1,
    unit: '' as const,
  })
  return {
    name,
    title,
    columns: ['candidate', 'shadow', 'client p50 ms', 'client p99 ms', 'p50 ÷ healthy', 'unanswered'],
    rows,
    data: measured,
    figures: [figure('1 s late'), figure('hung')],
  }
}
