import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../../test/e2e/support/keep-alive-client.ts'
import { eventually } from '../../test/support/eventually.ts'
import { cpuMicros, rssMiB } from '../process/usage.ts'
import { number } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'
import { makeNamespace } from './namespace.ts'
import { versionedSpec } from './probe.ts'
import { quantile } from './quantile.ts'
import { type LoadResult, makeVersionedLoad, resultOf, type VersionedLoad } from './versioned-load.ts'

/** Edits at 50 a second through the API server, under 200 requests a second. */
export const editsUnderLoad: Measurement = { name: 'edits-under-load', run }

const editsPerSecond = 50

async function run(bench: ClusterBench): Promise<Section> {
  const { editsUnderLoad: count, idleSeconds } = bench.amounts
  const load = await makeVersionedLoad(bench, 'edits-under-load')
  const others = await makeNamespace(bench, 'edits-of-others')
  const { relay } = load
  const under = async (act: () => Promise<unknown>, lastVersion?: number): Promise<Stretch> => {
    const cpuBefore = cpuMicros(relay.pid)
    const clients = load.start()
    const began = performance.now()
    await act()
    const seconds = (performance.now() - began) / 1_000
    if (lastVersion !== undefined) await untilServed(load, clients, lastVersion)
    const cpuShare = (cpuMicros(relay.pid) - cpuBefore) / 1e3 / (performance.now() - began)
    return { ...(await resultOf(clients)), seconds, cpuShare }
  }
  // The API server then works as much, on the same cores, and tells the relay nothing.
  const editOthers = () =>
    inTime(Math.min(count, idleSeconds * editsPerSecond), version =>
      others.apply('orders', versionedSpec('/orders', 'http://orders.example', version)),
    )
  try {
    await under(() => pause(1_000))
    const quiet = await under(() => pause(idleSeconds * 1_000))
    const beside = await under(editOthers)
    const rssBefore = rssMiB(relay.pid)
    const reloadsBefore = await relay.metric('fanout_config_reloads_total')
    const edited = await under(() => inTime(count, load.edit), count)
    const reloads = (await relay.metric('fanout_config_reloads_total')) - reloadsBefore
    const rss = `${number(rssBefore)}, ${number(rssMiB(relay.pid))}`
    return report(count, { quiet, beside, edited, reloads, rss })
  } finally {
    await load.close()
  }
}

interface Stretch extends LoadResult {
  /** That it took; the load goes on until the last edit is served. */
  readonly seconds: number
  /** Of one core, by the relay. */
  readonly cpuShare: number
}

interface Figures {
  readonly quiet: Stretch
  /** With as many edits in a namespace that is not the relay's. */
  readonly beside: Stretch
  readonly edited: Stretch
  readonly reloads: number
  readonly rss: string
}

const report = (count: number, { quiet, beside, edited, reloads, rss }: Figures): Section => {
  const p99 = ({ latenciesMs }: Stretch): number => quantile(latenciesMs, 0.99)
  const row = (what: string, pick: (stretch: Stretch) => string): string[] => [
    what,
    ...[quiet, beside, edited].map(pick),
  ]
  const notes = [
    `${number(count / edited.seconds)} edits/s; ${reloads} configurations taken over, ${edited.versions} of them answered`,
    `relay RSS before and after the edits, MiB: ${rss}`,
  ]
  return {
    name: editsUnderLoad.name,
    title: `${count} edits through the API server under 200 requests/s`,
    columns: ['', 'no edits', 'edits in another namespace', 'edits of the route'],
    rows: [
      row('requests', ({ requests }) => String(requests)),
      row('failed', ({ failed }) => String(failed)),
      row('answers of two versions', ({ mixed }) => String(mixed)),
      row('connections made by 8 clients', ({ connections }) => String(connections)),
      row('p50 ms', ({ latenciesMs }) => number(quantile(latenciesMs, 0.5))),
      row('p99 ms', stretch => number(p99(stretch))),
      row('relay CPU, % of a core', ({ cpuShare }) => number(cpuShare * 100)),
    ],
    notes,
    data: { quiet, beside, edited, reloads },
    figures: [
      { what: 'R1: failed requests', value: edited.failed, atMost: 0, unit: '' },
      { what: 'R1: answers of two versions', value: edited.mixed, atMost: 0, unit: '' },
      { what: 'R1: p99 with edits ÷ without any', value: p99(edited) / p99(quiet), atMost: 2, unit: '' },
      {
        what: 'p99 with edits ÷ with edits in another namespace',
        value: p99(edited) / p99(beside),
        atMost: undefined,
        unit: '',
      },
    ],
  }
}

const untilServed = (load: VersionedLoad, clients: readonly Client[], version: number): Promise<void> =>
  eventually(() => {
    if (!load.isServed(clients, version)) throw new Error(`version ${version} is not served`)
  }, 10_000)

/** Edits 1 to `count`, each due at its own time; one that is late follows at once. */
const inTime = async (count: number, edit: (version: number) => Promise<void>): Promise<void> => {
  const began = performance.now()
  for (let version = 1; version <= count; version++) {
    await pause(Math.max(0, began + (version * 1_000) / editsPerSecond - performance.now()))
    await edit(version)
  }
}
