import type { Bench } from '../bench.ts'
import { steadyRss } from '../measure/watch-rss.ts'
import { cell } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import { startScripted } from '../upstreams/scripted.ts'
import type { Scenario } from './scenario.ts'
import { eachVariant, running, type Variant } from './variants.ts'

const name = 'in-flight-memory'
const title = 'Memory of one open 1 KB request: two awaited legs that never answer'
const names = ['fanout-relay', 'floor', 'hono-fetch', 'article']

interface Held {
  readonly perRequestKiB: number
  readonly open: number
}

/** Steady memory with many requests open, less steady memory before, per request; three sockets each. */
export const inFlightMemory: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const upstreams = await startScripted(bench.cores, ['hung', 'hung'])
  const situation = `${bench.settings.heldRequests} open`
  try {
    const measured = await eachVariant(bench, names, [situation], variant =>
      measure(bench, variant, upstreams.ports),
    )
    const of = (candidate: string, pick: (held: Held) => number) =>
      spread(measured.rounds(candidate, situation).map(held => held && pick(held)))
    const value = of('fanout-relay', ({ perRequestKiB }) => perRequestKiB)?.median
    return {
      name,
      title,
      columns: ['candidate', 'KiB per open request', 'requests open'],
      rows: names.map(candidate => [
        candidate,
        cell(of(candidate, ({ perRequestKiB }) => perRequestKiB)),
        cell(of(candidate, ({ open }) => open)),
      ]),
      data: measured,
      figures: [{ what: 'memory of one open 1 KB request', value, atMost: 45, unit: 'KiB' }],
    }
  } finally {
    await upstreams.stop()
  }
}

function measure(bench: Bench, { candidate }: Variant<string>, ports: readonly number[]): Promise<Held> {
  const [primary = 0, secondary = 0] = ports
  const job = {
    mode: 'aggregate',
    primary,
    secondary,
    silentUpstreams: true,
    requestTimeoutSeconds: 120,
  } as const
  const request = { method: 'POST', paths: ['/'], bodyBytes: 1024 } as const
  const { heldRequests: count, quick } = bench.settings
  const steadyMs = quick ? 1 : 6000
  return running(bench, candidate, job, async ({ pid, port }) => {
    // A few that come and go first: code, pools and the young generation are then as in service.
    await bench.load.hold({ port, request, count: Math.min(100, count) })
    await bench.load.release()
    const before = await steadyRss(pid, steadyMs)
    const { open } = await bench.load.hold({ port, request, count })
    const held = await steadyRss(pid, steadyMs)
    await bench.load.release()
    return { perRequestKiB: ((held - before) * 1024) / open, open }
  })
}
