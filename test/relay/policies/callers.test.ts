import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { startHeldUpstream, startStreamingUpstream, startUpstream } from '../../support/upstream.ts'
import { flood } from '../flood.ts'

const open = closing()

const isIdle = (relay: TestRelay) =>
  eventually(() => {
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.inUse]).toEqual([0, 0, 0])
  })

test('a caller that leaves while a shared limit is asked leaves nothing behind, and its token goes back', async () => {
  const a = open(await startUpstream())
  const asked: ((granted: number) => void)[] = []
  let returned = 0
  const sharedLimit = () => ({
    reserve: () => new Promise<number>(resolve => asked.push(resolve)),
    giveBack: () => void returned++,
  })
  const spec = { rateLimit: { requests: 1, scope: 'Global' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { sharedLimit }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes())
  const answer = await eventually(() => asked.shift() ?? Promise.reject(new Error('not asked yet')))
  client.close()
  await eventually(async () => {
    const open = await new Promise((resolve, reject) =>
      relay.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
    expect(open).toBe(0)
  })
  answer(0)
  await eventually(() =>
    expect(relay.observer.exchanges).toMatchObject([{ status: 0, outcome: 'cancelled' }]),
  )
  await isIdle(relay)
  expect([returned, a.received.length]).toEqual([1, 0])
})

test('requests that waited for a shared limit count against --max-in-flight when they go on', async () => {
  const a = open(await startHeldUpstream())
  const asked: ((granted: number) => void)[] = []
  const sharedLimit = () => ({
    reserve: () => new Promise<number>(resolve => asked.push(resolve)),
    giveBack: () => {},
  })
  const spec = { rateLimit: { requests: 9, scope: 'Global' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { sharedLimit, maxInFlight: 1 }))
  const answers = [ask(relay), ask(relay)]
  await eventually(() => expect(asked.length).toBe(2))
  for (const grant of asked) grant(0)
  ;(await a.next()).end()
  expect((await Promise.all(answers)).map(({ status }) => status).sort()).toEqual([200, 503])
})

test('under First a refusal whose body never ends gives its connection and slot back', async () => {
  const clock = new FakeClock()
  const a = open(
    await startStreamingUpstream((_request, response) => {
      response.writeHead(404)
      response.write('half')
    }),
  )
  const b = open(await startHeldUpstream())
  const upstreams = [
    { name: 'a', url: a.url, concurrency: { maxParallelRequests: 1 } },
    { name: 'b', url: b.url },
  ]
  const relay = open(await startRelay({ r: { upstreams, response: { success: 'First' } } }, { clock }))
  const answer = ask(relay)
  const held = await b.next()
  await eventually(() => expect(a.openSockets()).toBe(1))
  held.end('winner')
  expect((await answer).body.toString()).toBe('winner')
  await eventually(() => expect(relay.observer.inFlight.requests).toBe(0))
  clock.advance(1_000)
  await eventually(() => expect(a.openSockets()).toBe(0))
  await isIdle(relay)
})

test('a caller that reads slowly does not open the circuit of an upstream', async () => {
  const clock = new FakeClock()
  const a = open(await startHeldUpstream())
  const upstreams = [{ name: 'a', url: a.url, circuitBreaker: { consecutiveFailures: 1, failurePercent: 0 } }]
  const relay = open(await startRelay({ r: { timeouts: { request: '5s' }, upstreams } }, { clock }))
  const client = open(await RawClient.connect(relay.port))
  client.pause()
  client.send(requestBytes())
  const response = await a.next()
  response.end(Buffer.alloc(32 * 1024 * 1024))
  // Every buffer on the way is full once the upstream gets rid of nothing any more.
  let left = 0
  let still = 0
  await eventually(() => {
    still = response.writableLength === left ? still + 1 : 0
    left = response.writableLength
    expect([left > 0, still > 20]).toEqual([true, true])
  })
  clock.advance(5_000)
  await eventually(() => expect(relay.observer.legs).toMatchObject([{ error: 'deadline_exceeded' }]))
  expect(relay.observer.policies.map(({ detail }) => detail)).not.toContain('open')
})

test('an upstream that stops reading an upload opens its circuit: its caller is not the one that stalls', async () => {
  const clock = new FakeClock()
  const a = open(await startStreamingUpstream(request => request.pause()))
  const spec = {
    limits: { maxBodySize: '1Ki', onOversize: 'StreamAll' },
    timeouts: { request: '0s', backendRequest: '5s' },
    upstreams: [{ name: 'a', url: a.url, circuitBreaker: { consecutiveFailures: 1, failurePercent: 0 } }],
  }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes({ method: 'POST', headers: { 'content-length': '200000000' } }))
  await flood(client.socket).backsUp()
  clock.advance(5_000)
  expect((await client.response()).status).toBe(504)
  expect(json(await ask(relay)).code).toBe('circuit_open')
})

test('a failed answer gives its key free though a copy is still under way', async () => {
  const copy = open(await startHeldUpstream())
  const a = open(await startUpstream((_received, response) => response.destroy()))
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'copy', role: 'Shadow', url: copy.url },
  ]
  const relay = open(await startRelay({ r: { idempotencyKey: {}, upstreams } }))
  const order = { method: 'POST', headers: { 'idempotency-key': 'k' }, body: '{}' }
  expect((await ask(relay, order)).status).toBe(502)
  expect((await ask(relay, order)).status).toBe(502)
  expect(a.received.length).toBe(2)
})

test('nobody is hedged while it waits for a slot itself', async () => {
  const clock = new FakeClock()
  const a = open(await startHeldUpstream())
  const concurrency = { maxParallelRequests: 1, maxPendingRequests: 1 }
  const upstreams = [{ name: 'a', url: a.url, concurrency, hedge: { delay: '50ms' } }]
  const relay = open(await startRelay({ r: { upstreams } }, { clock }))
  const first = ask(relay)
  const held = await a.next()
  const second = ask(relay)
  await eventually(() => expect(relay.observer.waiting.tries).toBe(1))
  clock.advance(49)
  held.end('1')
  ;(await a.next()).end('2')
  expect([(await first).status, (await second).status]).toEqual([200, 200])
  expect(relay.observer.policies.filter(({ event }) => event === 'hedged')).toEqual([])
})

test('a breaker that was replaced while a request was under way does not speak for its successor', async () => {
  const a = open(await startHeldUpstream())
  const route = (consecutiveFailures: number) => ({
    r: { upstreams: [{ name: 'a', url: a.url, circuitBreaker: { consecutiveFailures } }] },
  })
  const relay = open(await startRelay(route(1)))
  const answer = ask(relay)
  const held = await a.next()
  relay.load(route(2))
  held.writeHead(500).end()
  expect((await answer).status).toBe(500)
  expect(relay.observer.policies.filter(({ event }) => event === 'breaker').at(-1)!.detail).toBe('closed')
})

test('a leg that never began took no time', async () => {
  const a = open(await startUpstream())
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', role: 'Optional', url: a.url },
  ]
  const relay = open(await startRelay({ r: { upstreams } }, { legLimits: { maxAwaitedInFlight: 0 } }))
  const { results } = json(await ask(relay))
  expect([results.a.error, results.a.durationMs]).toEqual(['connection_limit_reached', 0])
})

test('a body that is coming in does not wait for a slot: it would hold up the other upstreams', async () => {
  const [a, b] = [open(await startHeldUpstream()), open(await startUpstream())]
  const upstreams = [
    { name: 'a', role: 'Optional', url: a.url, concurrency: { maxParallelRequests: 1 } },
    { name: 'b', url: b.url },
  ]
  const limits = { maxBodySize: '1Ki', onOversize: 'StreamAll' }
  const relay = open(await startRelay({ r: { limits, upstreams } }))
  const first = ask(relay, { method: 'POST', body: 'x' })
  const held = await a.next()
  const { results } = json(await ask(relay, { method: 'POST', body: 'x'.repeat(100_000) }))
  expect(results.a).toMatchObject({ error: 'connection_limit_reached', attempts: 0 })
  expect(results.b).toMatchObject({ outcome: 'success' })
  held.end()
  await first
})
