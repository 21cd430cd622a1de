import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { askOnce, askSteadily } from './resilience-client.ts'
import { type RelayWithRoutes, startRelayWith } from './resilience-relay.ts'
import { countedRounds, Rounds, type Row, rowsOf } from './resilience-row.ts'
import { type Behave, startLocal } from './resilience-upstream.ts'

const parallel = 16
const serviceMs = 50
/** What the upstream does in a second when all its places are taken all the time. */
const capacity = (parallel * 1000) / serviceMs
const path = '/overload'
const spec = {
  timeouts: { request: '5s' },
  upstreams: [
    {
      name: 'only',
      url: '',
      concurrency: { maxParallelRequests: parallel, maxPendingRequests: 2 * parallel },
    },
  ],
}

const slow: Behave = response => {
  setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'), serviceMs)
}

/** R25 where an upstream is what runs out: three times what it can do, and what becomes of the rest. */
export async function overloaded(bench: Bench): Promise<Row[]> {
  const lost = new Rounds()
  const odd = new Rounds()
  const health = new Rounds()
  const recovery = new Rounds()
  const upstream = await startLocal(slow)
  const [only] = spec.upstreams
  const relay = await startRelayWith(bench, {
    overload: { ...spec, upstreams: [{ ...only, url: upstream.url }] },
  })
  const asked = { port: relay.port, path }
  const durationMs = bench.settings.quick ? 2000 : 10_000
  const load = (times: number) => askSteadily(asked, { ratePerSecond: times * capacity, durationMs })
  const situation = `an upstream of ${capacity}/s`
  try {
    await load(0.5)
    for (let round = 0; round < countedRounds(bench); round += 1) {
      const peak = goodput(await load(1), durationMs)
      let flooding = true
      const watched = slowestHealth(relay, () => flooding)
      const answers = await load(3)
      flooding = false
      lost.add(situation, Math.max(0, 1 - goodput(answers, durationMs) / peak))
      odd.add(situation, answers.filter(answer => !isFine(answer)).length)
      health.add(situation, await watched)
      recovery.add(situation, await recoveryMs(asked))
    }
  } finally {
    await relay.stop()
    await upstream.stop()
  }
  return [
    ...rowsOf('R25 goodput lost at three times capacity', lost, { atMost: 0.2 }),
    ...rowsOf('R25 neither served nor refused with Retry-After', odd, { atMost: 0, never: true }),
    ...rowsOf('R25 slowest answer of /livez and the admin API', health, {
      atMost: 1000,
      unit: 'ms',
      never: true,
    }),
    ...rowsOf('R25 recovery', recovery, { atMost: 5000, unit: 'ms', never: true }),
  ]
}

type Answers = Awaited<ReturnType<typeof askSteadily>>

const goodput = (answers: Answers, durationMs: number): number =>
  (answers.filter(({ status }) => status === 200).length / durationMs) * 1000

const isFine = ({ status, retryAfter }: Answers[number]): boolean =>
  status === 200 || (status === 503 && Number(retryAfter) >= 1)

const slowestHealth = async (relay: RelayWithRoutes, goOn: () => boolean): Promise<number> => {
  let slowest = 0
  while (goOn()) {
    slowest = Math.max(slowest, await relay.healthMs())
    await sleep(50)
  }
  return slowest
}

/** Until twenty requests in a row are served in about the time that one takes. */
const recoveryMs = async (asked: { readonly port: number; readonly path: string }): Promise<number> => {
  const begin = performance.now()
  let since = begin
  for (let good = 0; good < 20 && since - begin < 30_000; ) {
    const { status, ms } = await askOnce(asked)
    good = status === 200 && ms < 2 * serviceMs ? good + 1 : 0
    if (good === 0) since = performance.now()
  }
  return since - begin
}
