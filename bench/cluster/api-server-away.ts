import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../test/support/eventually.ts'
import { number } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'
import { makeVersionedLoad, resultOf } from './versioned-load.ts'

/** The API server is killed, stays away, and comes back, under 200 requests a second. */
export const apiServerAway: Measurement = { name: 'api-server-away', run }

/** The longest wait between two tries of the relay, and a little more. */
const noticedWithinMs = 40_000

async function run(bench: ClusterBench): Promise<Section> {
  const { plane, amounts } = bench
  const load = await makeVersionedLoad(bench, 'api-server-away')
  const { relay } = load
  try {
    const clients = load.start()
    await pause(1_000)
    process.kill(plane.pids.apiServer, 'SIGKILL')
    const killedAt = performance.now()
    const stale: number[] = []
    let notReady = 0
    while (performance.now() - killedAt < amounts.awaySeconds * 1_000) {
      await pause(1_000)
      stale.push(await relay.metric('fanout_config_stale_seconds'))
      if (!(await relay.isReady())) notReady += 1
    }
    await plane.restart()
    await load.edit(1)
    const editedAt = performance.now()
    await eventually(() => {
      if (!load.isServed(clients, 1)) throw new Error('the edit after the return is not served')
    }, noticedWithinMs)
    const seenMs = performance.now() - editedAt
    const restarts = await relay.series('fanout_watch_restarts_total')
    const lists = await relay.series('fanout_list_total')
    const staleAfter = await relay.metric('fanout_config_stale_seconds')
    const { requests, failed, mixed } = await resultOf(clients)
    const isRising = stale.every((seconds, index) => index === 0 || seconds > stale[index - 1]!)
    return {
      name: apiServerAway.name,
      title: `The API server is killed and away for ${amounts.awaySeconds} s under 200 requests/s`,
      columns: ['', ''],
      rows: [
        ['requests', String(requests)],
        ['failed requests', String(failed)],
        ['answers of two versions', String(mixed)],
        ['looks at /readyz that said no', `${notReady} of ${stale.length}`],
        [
          '`fanout_config_stale_seconds` at the first look, the last one, and after the return',
          `${number(stale[0]!)}, ${number(stale.at(-1)!)}, ${number(staleAfter)}`,
        ],
        ['edit made at the return → all callers are answered by it, s', number(seenMs / 1_000)],
      ],
      notes: [`watches begun anew: ${restarts.join(', ')}; lists: ${lists.join(', ')}`],
      data: { requests, failed, mixed, notReady, stale, staleAfter, seenMs, restarts, lists },
      figures: [
        { what: 'R5: failed requests', value: failed, atMost: 0, unit: '' },
        { what: 'R5: looks at /readyz that said no', value: notReady, atMost: 0, unit: '' },
        {
          what: 'R5: looks at the staleness that did not rise',
          value: isRising ? 0 : 1,
          atMost: 0,
          unit: '',
        },
      ],
    }
  } finally {
    await load.close()
  }
}
