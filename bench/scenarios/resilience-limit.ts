import type { Bench } from '../bench.ts'
import { type Answer, askSteadily } from './resilience-client.ts'
import { type Specs, startRelayWith } from './resilience-relay.ts'
import { countedRounds, Rounds, type Row, rowsOf } from './resilience-row.ts'
import { behaviours, startLocal } from './resilience-upstream.ts'

const requests = 100
const rateLimit = { requests, burst: 5 }
const timeouts = { request: '500ms' }

const routes = {
  'the route': (url: string) => ({ rateLimit, upstreams: [{ name: 'only', url }] }),
  'a leg, Fail': (url: string) => ({ upstreams: [{ name: 'only', url, rateLimit }] }),
  'a leg, Wait': (url: string) => ({
    timeouts,
    upstreams: [{ name: 'only', url, rateLimit: { ...rateLimit, onLimit: 'Wait' } }],
  }),
}
const situations = Object.keys(routes) as (keyof typeof routes)[]

/** R21: twice as many requests as a limit allows, and what becomes of them. */
export async function limit(bench: Bench): Promise<Row[]> {
  const deviation = new Rounds()
  const odd = new Rounds()
  const upstream = await startLocal(behaviours.well)
  const pathOf = (index: number) => `limit-${index}`
  const specs: Specs = Object.fromEntries(
    situations.map((situation, index) => [pathOf(index), routes[situation](upstream.url)]),
  )
  const durationMs = bench.settings.quick ? 2000 : 10_000
  try {
    for (let round = 0; round < countedRounds(bench); round += 1) {
      for (const situation of bench.random.shuffle(situations)) {
        // A relay of its own, so that the bucket is as full as it was in every other round.
        const relay = await startRelayWith(bench, specs)
        const asked = { port: relay.port, path: `/${pathOf(situations.indexOf(situation))}` }
        try {
          const begin = performance.now()
          const answers = await askSteadily(asked, { ratePerSecond: 2 * requests, durationMs })
          const seconds = (performance.now() - begin) / 1000
          const accepted = answers.filter(({ status }) => status === 200).length
          deviation.add(situation, Math.abs(accepted / (requests * seconds) - 1))
          odd.add(situation, answers.filter(answer => !isFine(situation, answer)).length)
        } finally {
          await relay.stop()
        }
      }
    }
  } finally {
    await upstream.stop()
  }
  return [
    ...rowsOf('R21 accepted at twice the limit, away from it', deviation, { atMost: 0.05 }),
    ...rowsOf('R21 neither accepted nor refused with Retry-After', odd, { atMost: 0, never: true }),
  ]
}

/**
 * The limit of a route is the caller's to keep, that of a leg is the upstream's. Who waits may be given a turn
 * that comes too late for the answer.
 */
const isFine = (situation: string, { status, retryAfter, code }: Answer): boolean => {
  if (status === 200) return true
  if (situation === 'a leg, Wait' && status === 504 && code === 'deadline_exceeded') return true
  return (
    status === (situation === 'the route' ? 429 : 503) && code === 'rate_limited' && Number(retryAfter) >= 1
  )
}
