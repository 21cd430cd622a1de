import { describe, expect, test } from 'vitest'
import type { SimulationResult } from '../../src/simulate/simulate.ts'
import { delayed, down, failing, run } from './support.ts'

/** Nobody would answer there: what reaches it fails with dns_error. */
const nowhere = (name: string) => `http://${name}.invalid`
const legs = (...names: string[]) => names.map(name => ({ name, url: nowhere(name) }))
const sequence = (requests: number) => ({ load: { kind: 'sequence', requests } as const })
const first2 = { kind: 'first', count: 2 } as const

const triesOf = ({ first }: SimulationResult) =>
  first[0]!.tries.map(({ leg, number, kind, status, error }) => [leg, number, kind, status || error])

const tallyOf = ({ legs: tallies }: SimulationResult, name: string) =>
  tallies.find(tally => tally.name === name)!

test('every leg is answered here, whatever its real upstream is', async () => {
  const result = await run({ upstreams: [...legs('a'), { name: 'b', url: 'https://b.invalid/x' }] })
  expect(result).toMatchObject({ isSuccess: true, requests: 1, outcomes: { success: { 200: 1 } } })
  expect(triesOf(result)).toEqual([
    ['a', 1, 'first', 200],
    ['b', 1, 'first', 200],
  ])
})

test('a delay is part of the answer of its leg, and the caller waits for the slowest', async () => {
  const { first } = await run({ upstreams: legs('a', 'b') }, { a: delayed(150), b: delayed(1) })
  const [a, b] = first[0]!.tries
  expect(a!.endMs! - a!.startMs).toBeGreaterThan(148)
  expect(b!.endMs!).toBeLessThan(140)
  expect(first[0]!.answer!.atMs).toBeGreaterThan(148)
})

test('a retry is a try of its own that begins after the one before it ended', async () => {
  const spec = { retry: { attempts: 2, backoff: '20ms' }, upstreams: legs('a') }
  const result = await run(spec, { a: failing(down, first2) })
  expect(triesOf(result)).toEqual([
    ['a', 1, 'first', 503],
    ['a', 2, 'retry', 503],
    ['a', 3, 'retry', 200],
  ])
  const [one, two] = result.first[0]!.tries
  expect(two!.startMs).toBeGreaterThanOrEqual(one!.endMs!)
  expect(tallyOf(result, 'a')).toMatchObject({ offered: 1, sent: 3, retries: 2, results: { 200: 1, 503: 2 } })
  expect(result.amplification).toBe(3)
  expect(result.isSuccess).toBe(true)
})

test('a hedge begins beside the try that is slow, and its answer is the one that the caller gets', async () => {
  const spec = { upstreams: [{ ...legs('a')[0], hedge: { delay: '30ms' } }] }
  const result = await run(spec, { a: delayed(2_000, { kind: 'first', count: 1 }) })
  expect(triesOf(result)).toEqual([
    ['a', 1, 'first', 'client_cancelled'],
    ['a', 2, 'hedge', 200],
  ])
  const [one, two] = result.first[0]!.tries
  expect(two!.startMs - one!.startMs).toBeGreaterThan(28)
  expect(two!.startMs).toBeLessThan(one!.endMs!)
  expect(result.first[0]!.answer!.headers).toContain('a 2')
  expect(tallyOf(result, 'a')).toMatchObject({ hedges: 1, sent: 2, offered: 1 })
})

test('a try that waits for a token shows how long it did', async () => {
  const spec = { upstreams: [{ ...legs('a')[0], rateLimit: { requests: 10, burst: 1, onLimit: 'Wait' } }] }
  const { first, legs: tallies } = await run(spec, { a: delayed(1) }, sequence(2))
  const [waited] = first[1]!.tries
  expect(first[0]!.tries[0]!.queued).toBe(false)
  expect(waited!.queued).toBe(true)
  expect(waited!.arrivedMs! - waited!.startMs).toBeGreaterThan(50)
  expect(waited!.endMs!).toBeGreaterThanOrEqual(waited!.arrivedMs!)
  expect(tallies[0]!.queued).toBe(1)
})

test('a circuit opens, refuses, and closes again after its time', async () => {
  const circuitBreaker = { consecutiveFailures: 2, openDuration: '150ms' }
  const spec = { upstreams: [{ ...legs('a')[0], circuitBreaker }] }
  const load = { kind: 'rate', perSecond: 100, requests: 30 } as const
  const result = await run(spec, { a: failing(down, first2) }, { load })
  const { transitions, results, offered, sent } = tallyOf(result, 'a')
  expect(transitions.map(({ state }) => state)).toEqual(['open', 'half_open', 'closed'])
  expect(transitions[1]!.atMs - transitions[0]!.atMs).toBeGreaterThan(148)
  expect(results['circuit_open']).toBeGreaterThan(3)
  expect([results['503'], offered, sent]).toEqual([2, 30, 30 - results['circuit_open']!])
})

test('what the retry budget refuses is counted', async () => {
  const policies = { retry: { attempts: 3, backoff: '1ms' }, retryBudget: { percent: 0, minPerSecond: 2 } }
  const result = await run({ ...policies, upstreams: legs('a') }, { a: failing(down) }, sequence(3))
  expect(tallyOf(result, 'a')).toMatchObject({ offered: 3, sent: 5, retries: 2, budgetRefused: 3 })
})

test('requests that the route itself refuses are rejected, and nothing is sent for them', async () => {
  const spec = { rateLimit: { requests: 1, interval: '1h' }, upstreams: legs('a') }
  const result = await run(spec, {}, sequence(3))
  expect(result).toMatchObject({
    outcomes: { success: { 200: 1 }, rejected: { 429: 2 } },
    rateLimited: 2,
    isSuccess: false,
  })
  expect(result.first.map(({ tries }) => tries.length)).toEqual([1, 0, 0])
  expect(result.failed!.number).toBe(2)
})

test.each([
  ['reset', 'connection_terminated'],
  ['refused', 'connection_refused'],
] as const)('%s is %s', async (kind, token) => {
  const result = await run({ upstreams: legs('a') }, { a: failing({ kind }) })
  expect(triesOf(result)).toEqual([['a', 1, 'first', token]])
  expect(result).toMatchObject({ isSuccess: false, outcomes: { failed: { 502: 1 } } })
})

test('hang ends with the timeout of the route', async () => {
  const spec = { timeouts: { backendRequest: '80ms' }, upstreams: legs('a') }
  const result = await run(spec, { a: failing({ kind: 'hang' }) })
  expect(triesOf(result)).toEqual([['a', 1, 'first', 'http_response_timeout']])
  expect(result.outcomes).toEqual({ failed: { 504: 1 } })
})

test('a copy that ends after the answer is in the record', async () => {
  const spec = { upstreams: [...legs('a'), { ...legs('b')[0], role: 'Shadow' }] }
  const { first } = await run(spec, { a: delayed(1), b: delayed(120) })
  const copy = first[0]!.tries.find(({ leg }) => leg === 'b')!
  expect([copy.status, copy.endMs! > first[0]!.answer!.atMs]).toEqual([200, true])
})

test('the method, the body and the headers reach the relay as they were given', async () => {
  const request = {
    method: 'POST',
    path: '/orders?a=1',
    host: 'orders.local',
    headers: [['x-tenant', 'acme']] as const,
    body: '{"id":1}',
  }
  const matches = [
    {
      method: 'POST',
      path: { value: '/orders' },
      headers: [{ name: 'x-tenant', value: 'acme' }],
      queryParams: [{ name: 'a', value: '1' }],
    },
  ]
  const spec = { hostnames: ['orders.local'], matches, limits: { maxBodySize: '8' }, upstreams: legs('a') }
  expect((await run(spec, {}, { request })).outcomes).toEqual({ success: { 200: 1 } })
  const longer = { ...request, body: '{"id":12}' }
  expect((await run(spec, {}, { request: longer })).outcomes).toEqual({ rejected: { 413: 1 } })
})

describe('many requests', () => {
  const load = { kind: 'rate', perSecond: 200, requests: 40 } as const
  const share = { kind: 'share', percent: 30 } as const
  const simulated = (seed: number) =>
    run({ upstreams: legs('a') }, { a: failing(down, share) }, { seed, load })

  test('come at the rate, whether or not earlier ones are answered', async () => {
    const result = await run({ upstreams: legs('a') }, { a: delayed(150) }, { load })
    expect(result.requests).toBe(40)
    expect(result.elapsedMs).toBeGreaterThan(195 + 148)
    expect(result.elapsedMs).toBeLessThan(2_000)
    expect(result.latency!.p50Ms).toBeGreaterThan(148)
  })

  test('fail alike with the same seed, and otherwise with another', async () => {
    const [one, again, other] = [await simulated(1), await simulated(1), await simulated(2)]
    expect(one.outcomes).toEqual(again.outcomes)
    expect(one.failed!.number).toBe(again.failed!.number)
    const failedOf = (result: SimulationResult) => [result.outcomes, result.failed?.number]
    expect(failedOf(one)).not.toEqual(failedOf(other))
  })
})

test('what is told to stop ends at once with what there is', async () => {
  const stop = new AbortController()
  const running = run(
    { upstreams: legs('a', 'b') },
    { a: failing({ kind: 'hang' }), b: delayed(1) },
    { signal: stop.signal },
  )
  setTimeout(() => stop.abort(), 1_500)
  const result = await running
  expect(result).toMatchObject({ requests: 0, unanswered: 1, interrupted: true, isSuccess: false })
  const [a, b] = result.first[0]!.tries
  expect([b!.status, a!.status]).toEqual([200, 0])
})
