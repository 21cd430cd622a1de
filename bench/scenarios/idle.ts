import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { bareHttp } from '../launch/all.ts'
import type { Candidate } from '../launch/candidate.ts'
import { rssMiB } from '../process/usage.ts'
import { cell } from '../report/format.ts'
import { divide } from '../report/ratio.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import type { Scenario } from './scenario.ts'
import { running } from './variants.ts'

const name = 'idle'
const title = 'Start to first good answer, and memory at rest'

interface Start {
  readonly readyMs: number
  readonly ownWordMs: number | undefined
  readonly idleMiB: number
}

/** What a sidecar costs a pod that nobody calls. */
export const idle: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const candidates = [bareHttp, ...bench.candidates]
  const starts = new Map<string, (Start | undefined)[]>(candidates.map(candidate => [candidate.name, []]))
  for (let round = 0; round < bench.settings.starts; round += 1) {
    for (const candidate of bench.random.shuffle(candidates)) {
      const start = await measure(bench, candidate).catch(error =>
        bench.fail(`${candidate.name}, start`, error),
      )
      starts.get(candidate.name)?.push(start ?? undefined)
    }
  }
  const of = (candidate: string, pick: (start: Start) => number | undefined) =>
    (starts.get(candidate) ?? []).map(start => start && pick(start))
  const bare = of(bareHttp.name, ({ readyMs }) => readyMs)
  const ratios = (candidate: string, pick = (start: Start): number | undefined => start.readyMs) =>
    spread(of(candidate, pick).map((value, round) => divide(value, bare[round])))
  const ownWord = ({ ownWordMs }: Start) => ownWordMs
  const idleMiB = (candidate: string) => spread(of(candidate, start => start.idleMiB))
  return {
    name,
    title,
    columns: ['candidate', 'ready ms', '÷ bare node:http', '/readyz ms', 'idle RSS MiB'],
    rows: candidates.map(candidate => [
      candidate.name,
      cell(spread(of(candidate.name, ({ readyMs }) => readyMs))),
      cell(ratios(candidate.name)),
      cell(spread(of(candidate.name, ownWord))),
      cell(idleMiB(candidate.name)),
    ]),
    data: Object.fromEntries(starts),
    figures: [
      { what: 'idle RSS', value: idleMiB('fanout-relay')?.median, atMost: 90, unit: 'MiB' },
      {
        what: 'start to ready, relay ÷ bare node:http',
        value: ratios('fanout-relay')?.median,
        atMost: 2,
        unit: '',
      },
      // Without the first request through undici, which the floor pays as well.
      {
        what: 'start to /readyz, relay ÷ bare node:http',
        value: ratios('fanout-relay', ownWord)?.median,
        atMost: undefined,
        unit: '',
      },
    ],
  }
}

function measure(bench: Bench, candidate: Candidate): Promise<Start> {
  const [primary = 0, secondary = 0] = bench.fast.ports
  return running(
    bench,
    candidate,
    { mode: 'shadow', primary, secondary },
    async ({ pid, readyMs, ownWordMs }) => {
      await sleep(bench.settings.quick ? 50 : 1000)
      return { readyMs, ownWordMs, idleMiB: rssMiB(pid) }
    },
  )
}
