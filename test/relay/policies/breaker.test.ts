import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay } from '../../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../../support/upstream.ts'

const open = closing()

/** Answers with what `status` says when the request has come. */
const startSwitched = async (initial: number) => {
  const state = { status: initial }
  const upstream = open(
    await startUpstream((_received, response) => response.writeHead(state.status).end('x')),
  )
  return Object.assign(upstream, { state })
}

const circuitBreaker = { consecutiveFailures: 3, failurePercent: 0, openDuration: '10s' }
const route = (url: string, settings: object = circuitBreaker) => ({
  r: { upstreams: [{ name: 'a', url, circuitBreaker: settings }] },
})

test('it opens after consecutive failures, refuses with 503 and Retry-After, and lets one probe through', async () => {
  const clock = new FakeClock()
  const a = await startSwitched(500)
  const relay = open(await startRelay(route(a.url), { clock }))
  for (let i = 0; i < 3; i++) expect((await ask(relay)).status).toBe(500)
  const refused = await ask(relay)
  expect([refused.status, json(refused).code]).toEqual([503, 'circuit_open'])
  expect(refused.header('retry-after')).toBe('10')
  expect(refused.header('proxy-status')).toContain('error=circuit_open')
  expect(a.received.length).toBe(3)
  clock.advance(10_000)
  a.state.status = 200
  expect((await ask(relay)).status).toBe(200)
  expect((await ask(relay)).status).toBe(200)
  const states = relay.observer.policies.filter(({ event }) => event === 'breaker')
  expect(states.map(({ detail }) => detail)).toEqual(expect.arrayContaining(['open', 'half_open', 'closed']))
})

test('a failing probe opens it again', async () => {
  const clock = new FakeClock()
  const a = await startSwitched(500)
  const relay = open(await startRelay(route(a.url), { clock }))
  for (let i = 0; i < 3; i++) await ask(relay)
  clock.advance(10_000)
  expect((await ask(relay)).status).toBe(500)
  expect(json(await ask(relay)).code).toBe('circuit_open')
  expect(a.received.length).toBe(4)
})

test('a reload that changes nothing of it leaves it open; changed settings start afresh', async () => {
  const a = await startSwitched(500)
  const relay = open(await startRelay(route(a.url)))
  for (let i = 0; i < 3; i++) await ask(relay)
  const { r } = route(a.url)
  relay.load({ r: { ...r, timeouts: { request: '3s' } } })
  expect(json(await ask(relay)).code).toBe('circuit_open')
  relay.load(route(a.url, { ...circuitBreaker, openDuration: '20s' }))
  expect((await ask(relay)).status).toBe(500)
})

test('what no route uses any more is forgotten', async () => {
  const a = await startSwitched(200)
  const relay = open(await startRelay(route(a.url)))
  expect(relay.registry.size).toBe(1)
  relay.load({ r: { upstreams: [{ name: 'a', url: a.url }] } })
  expect(relay.registry.size).toBe(0)
})

test('an open circuit of one leg does not touch the others', async () => {
  const [a, b] = [await startSwitched(500), await startSwitched(200)]
  const upstreams = [
    { name: 'a', role: 'Optional', url: a.url, circuitBreaker },
    { name: 'b', url: b.url },
  ]
  const relay = open(await startRelay({ r: { upstreams } }))
  for (let i = 0; i < 3; i++) await ask(relay)
  const { status, results } = json(await ask(relay))
  expect(status).toBe('partial_success')
  expect(results.a).toMatchObject({ outcome: 'failure', error: 'circuit_open', attempts: 0 })
  expect([a.received.length, b.received.length]).toEqual([3, 4])
})

test('a copy to a dead upstream stops being sent', async () => {
  const [a, copy] = [await startSwitched(200), await startSwitched(500)]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'copy', role: 'Shadow', url: copy.url, circuitBreaker },
  ]
  const relay = open(await startRelay({ r: { upstreams } }))
  for (let i = 0; i < 6; i++) {
    expect((await ask(relay)).status).toBe(200)
    await eventually(() => expect(relay.tables.inUse).toBe(0))
  }
  expect([a.received.length, copy.received.length]).toEqual([6, 3])
})

test('it opens after no more errors than its threshold and what was in flight already', async () => {
  const a = await startSwitched(500)
  const upstreams = [{ name: 'a', url: a.url, circuitBreaker, concurrency: { maxParallelRequests: 4 } }]
  const relay = open(await startRelay({ r: { upstreams } }))
  await Promise.all(Array.from({ length: 100 }, () => ask(relay)))
  expect(a.received.length).toBeGreaterThanOrEqual(3)
  expect(a.received.length).toBeLessThanOrEqual(3 + 4)
})

test('nothing is retried into an open circuit: the answer that opened it is passed on', async () => {
  const a = await startSwitched(503)
  const upstreams = [{ name: 'a', url: a.url, circuitBreaker, retry: { attempts: 5, backoff: '1ms' } }]
  const relay = open(await startRelay({ r: { upstreams } }))
  const answer = await ask(relay)
  expect([answer.status, answer.body.toString()]).toEqual([503, 'x'])
  expect(a.received.length).toBe(3)
})

test('an answer that was read to its end counts as a success, with a limit of parallel requests around it', async () => {
  const a = open(await startHeldUpstream())
  const settings = { consecutiveFailures: 2, failurePercent: 0 }
  const upstreams = [{ name: 'a', url: a.url, concurrency: {}, circuitBreaker: settings }]
  const relay = open(await startRelay({ r: { upstreams } }))
  for (const status of [500, 200, 500, 200]) {
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    const response = await a.next()
    // In two parts, so that its end is none of its head.
    response.writeHead(status).write('x')
    await eventually(() => expect(client.received.toString()).toContain('\r\nx\r\n'))
    response.end('y')
    const answer = await client.response()
    expect([answer.status, answer.body.toString()]).toEqual([status, 'xy'])
  }
})
