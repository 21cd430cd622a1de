import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { askMany, askOnce } from './resilience-client.ts'
import { type Specs, startRelayWith } from './resilience-relay.ts'
import { countedRounds, Rounds, type Row, rowsOf } from './resilience-row.ts'
import { behaviours, startLocal } from './resilience-upstream.ts'

const threshold = 5
const concurrency = 4
const probes = 3
const openMs = 2000
const atOnce = 100

/** R20: how many errors it takes to open, what an edit does to it, and how many probes are sent. */
export async function breaker(bench: Bench): Promise<Row[]> {
  const errors = new Rounds()
  const afterReload = new Rounds()
  const probed = new Rounds()
  const closed = new Rounds()
  const situation = `threshold ${threshold}, concurrency ${concurrency}, ${atOnce} requests at once`
  for (let round = 0; round < countedRounds(bench); round += 1) {
    const seen = await openAndClose(bench)
    errors.add(situation, seen.errors)
    afterReload.add('after an edit of the route', seen.afterReload)
    probed.add(`halfOpenRequests ${probes}, ${atOnce} requests at once`, Math.abs(seen.probes - probes))
    closed.add('after the probes', seen.refusedAfterClosing)
  }
  const never = true
  return [
    ...rowsOf('R20 errors until open', errors, { atMost: threshold + concurrency, never }),
    ...rowsOf('R20 requests to the upstream while open', afterReload, { atMost: 0, never }),
    ...rowsOf('R20 probes more or fewer than configured', probed, { atMost: 0, never }),
    ...rowsOf('R20 refused once closed again', closed, { atMost: 0, never }),
  ]
}

async function openAndClose(bench: Bench) {
  const upstream = await startLocal(response => {
    // Late enough for all slots to be taken before the first failure is known.
    setTimeout(behaviours.failing, 20, response)
  })
  const specs = (edit: number): Specs => ({
    guarded: {
      upstreams: [
        {
          name: 'only',
          url: upstream.url,
          request: { headers: { set: [{ name: 'x-edit', value: String(edit) }] } },
          concurrency: { maxParallelRequests: concurrency },
          circuitBreaker: {
            consecutiveFailures: threshold,
            failurePercent: 0,
            openDuration: `${openMs}ms`,
            halfOpenRequests: probes,
          },
        },
      ],
    },
  })
  const relay = await startRelayWith(bench, specs(0))
  const asked = { port: relay.port, path: '/guarded' }
  try {
    await askMany(atOnce, asked)
    const openedBy = performance.now()
    const errors = upstream.arrivals.length
    await relay.reload(specs(1))
    const refused = await askMany(atOnce, asked)
    if (performance.now() - openedBy > openMs)
      throw new Error('the edit took longer than the circuit is open')
    if (refused.some(({ code }) => code !== 'circuit_open'))
      throw new Error('not all were refused as circuit_open')
    const afterReload = upstream.arrivals.length - errors

    await sleep(Math.max(0, openedBy + openMs + 50 - performance.now()))
    upstream.behave = behaviours.hung
    const probing = askMany(atOnce, asked)
    await sleep(300)
    const sent = upstream.held.length
    upstream.behave = behaviours.well
    for (const response of upstream.held.splice(0)) behaviours.well(response)
    await probing
    const after = await Promise.all(Array.from({ length: concurrency }, () => askOnce(asked)))
    const refusedAfterClosing = after.filter(({ status }) => status !== 200).length
    return { errors, afterReload, probes: sent, refusedAfterClosing }
  } finally {
    await relay.stop()
    await upstream.stop()
  }
}
