import type { Bench } from '../bench.ts'
import { type Answer, askSteadily } from './resilience-client.ts'
import { type RelayWithRoutes, type Specs, startRelayWith } from './resilience-relay.ts'
import { countedRounds, Rounds, type Row, rowsOf } from './resilience-row.ts'
import { type Behave, behaviours, type LocalUpstream, startLocal } from './resilience-upstream.ts'

const failures = { '503': behaviours.failing, reset: behaviours.reset, 'no answer': behaviours.hung } as const
type Failure = keyof typeof failures
const legs = ['a', 'b'] as const

const ratePerSecond = 200
const requestMs = 1000

/** R18: what retries cost an upstream that fails altogether, and that they end with the deadline. */
export async function retries(bench: Bench): Promise<Row[]> {
  const load = new Rounds()
  const overshoot = new Rounds()
  for (let round = 0; round < countedRounds(bench); round += 1) {
    for (const failure of bench.random.shuffle(Object.keys(failures) as Failure[])) {
      for (const warm of bench.random.shuffle([false, true])) {
        const situation = `${failure}, ${warm ? 'after 3 s of good answers' : 'from the start'}`
        load.add(situation, await upstreamLoad(bench, failures[failure], warm))
      }
    }
    for (const [situation, ms] of Object.entries(await overshoots(bench))) overshoot.add(situation, ms)
  }
  return [
    ...rowsOf('R18 upstream load ÷ offered', load, { atMost: 1.3 }),
    ...rowsOf('R18 answered after timeouts.request', overshoot, { atMost: 50, unit: 'ms', never: true }),
  ]
}

/** Requests that reach the upstreams for each that a leg was asked for, all of them failing. */
async function upstreamLoad(bench: Bench, behave: Behave, warm: boolean): Promise<number> {
  const spec = { timeouts: { request: '10s', backendRequest: '100ms' }, retry: { attempts: 3 } }
  return withLegs(bench, { load: spec }, async (relay, upstreams) => {
    const asked = { port: relay.port, path: '/load' }
    const { quick } = bench.settings
    if (warm) await askSteadily(asked, { ratePerSecond, durationMs: quick ? 300 : 3000 })
    for (const upstream of upstreams) {
      upstream.arrivals.length = 0
      upstream.behave = behave
    }
    const answers = await askSteadily(asked, { ratePerSecond, durationMs: quick ? 1000 : 5000 })
    const good = answers.filter(({ status }) => status < 400).length
    if (good > 0) throw new Error(`${good} requests succeeded though every upstream fails`)
    const arrived = upstreams.reduce((sum, { arrivals }) => sum + arrivals.length, 0)
    return arrived / (answers.length * legs.length)
  })
}

/** How long after `timeouts.request` the last of all callers was answered, in each situation; 0 = none was late. */
async function overshoots(bench: Bench): Promise<Record<string, number>> {
  const spec = {
    timeouts: { request: `${requestMs}ms`, backendRequest: '350ms' },
    retry: { attempts: 10, backoff: '200ms', maxBackoff: '1s', codes: [503] },
    retryBudget: { percent: 100, minPerSecond: 10_000 },
  }
  const late: Record<string, number> = {}
  for (const [failure, behave] of Object.entries(failures)) {
    late[failure] = await withLegs(bench, { late: spec }, async (relay, upstreams) => {
      for (const upstream of upstreams) upstream.behave = behave
      const load = { ratePerSecond: 25, durationMs: bench.settings.quick ? 400 : 4000 }
      const answers = await askSteadily({ port: relay.port, path: '/late' }, load)
      return Math.max(0, ...answers.map((answer: Answer) => answer.ms - requestMs))
    })
  }
  return late
}

async function withLegs<V>(
  bench: Bench,
  specs: Specs,
  measure: (relay: RelayWithRoutes, upstreams: readonly LocalUpstream[]) => Promise<V>,
): Promise<V> {
  const upstreams = await Promise.all(legs.map(() => startLocal(behaviours.well)))
  const withUpstreams = Object.entries(specs).map(([name, spec]) => {
    const both = legs.map((leg, index) => ({ name: leg, url: upstreams[index]!.url }))
    return [name, { ...spec, upstreams: both }] as const
  })
  const relay = await startRelayWith(bench, Object.fromEntries(withUpstreams))
  try {
    return await measure(relay, upstreams)
  } finally {
    await relay.stop()
    for (const upstream of upstreams) await upstream.stop()
  }
}
