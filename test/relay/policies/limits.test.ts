import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay } from '../../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../../support/upstream.ts'

const open = closing()

const startHeld = async () => open(await startHeldUpstream())

test("the route's limit answers 429 with Retry-After, and refills", async () => {
  const clock = new FakeClock()
  const a = open(await startUpstream())
  const spec = { rateLimit: { requests: 2, interval: '10s' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { clock }))
  expect([(await ask(relay)).status, (await ask(relay)).status]).toEqual([200, 200])
  const refused = await ask(relay, { method: 'POST', body: 'x'.repeat(10_000) })
  expect([refused.status, json(refused).code]).toEqual([429, 'rate_limited'])
  expect(refused.header('retry-after')).toBe('5')
  expect(a.received.length).toBe(2)
  clock.advance(5_000)
  expect((await ask(relay)).status).toBe(200)
  expect((await ask(relay)).status).toBe(429)
})

test('a connection whose request was refused goes on', async () => {
  const a = open(await startUpstream())
  const spec = { rateLimit: { requests: 1, interval: '1h' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(
    await startRelay({
      r: spec,
      free: { ...spec, rateLimit: undefined, matches: [{ path: { value: '/free' } }] },
    }),
  )
  const client = open(await RawClient.connect(relay.port))
  const body = { method: 'POST', body: 'x' }
  expect((await client.send(requestBytes(body)).response()).status).toBe(200)
  expect((await client.send(requestBytes(body)).response()).status).toBe(429)
  expect((await client.send(requestBytes({ ...body, path: '/free' })).response()).status).toBe(200)
})

test("a leg's limit fails that leg alone", async () => {
  const [a, b] = [open(await startUpstream()), open(await startUpstream())]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', role: 'Optional', url: b.url, rateLimit: { requests: 1, interval: '1h' } },
  ]
  const relay = open(await startRelay({ r: { upstreams } }))
  expect(json(await ask(relay)).status).toBe('success')
  const { status, results } = json(await ask(relay))
  expect(status).toBe('partial_success')
  expect(results.b).toMatchObject({ outcome: 'failure', error: 'rate_limited', attempts: 0 })
  expect(b.received.length).toBe(1)
})

test('as the answer it is 503 with Retry-After', async () => {
  const a = open(await startUpstream())
  const upstreams = [{ name: 'a', url: a.url, rateLimit: { requests: 1, interval: '30s' } }]
  const relay = open(await startRelay({ r: { upstreams } }))
  await ask(relay)
  const refused = await ask(relay)
  expect([refused.status, json(refused).code]).toEqual([503, 'rate_limited'])
  expect(Number(refused.header('retry-after'))).toBeGreaterThan(25)
})

test('onLimit: Wait sends as soon as there is a token, in order, and not beyond the deadline', async () => {
  const clock = new FakeClock()
  const a = open(await startUpstream())
  const rateLimit = { requests: 1, interval: '1s', onLimit: 'Wait' }
  const spec = { timeouts: { request: '2500ms' }, upstreams: [{ name: 'a', url: a.url, rateLimit }] }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const answers = Promise.all(Array.from({ length: 3 }, () => ask(relay)))
  await eventually(() => expect(a.received.length).toBe(1))
  await eventually(() => expect(relay.observer.inFlight.requests).toBe(2))
  // A third second would be beyond the deadline, so it is not begun.
  const late = await ask(relay)
  expect([late.status, json(late).code]).toEqual([503, 'rate_limited'])
  clock.advance(1_000)
  await eventually(() => expect(a.received.length).toBe(2))
  clock.advance(1_000)
  expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200])
})

test('a caller that leaves while it waits gives its token to the next', async () => {
  const clock = new FakeClock()
  const a = open(await startUpstream())
  const rateLimit = { requests: 1, interval: '1s', onLimit: 'Wait' }
  const relay = open(
    await startRelay({ r: { upstreams: [{ name: 'a', url: a.url, rateLimit }] } }, { clock }),
  )
  await ask(relay)
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes())
  await eventually(() => expect(relay.observer.inFlight.requests).toBe(1))
  client.close()
  await eventually(() => expect(relay.tables.inUse).toBe(0))
  clock.advance(1_000)
  expect((await ask(relay)).status).toBe(200)
  expect(a.received.length).toBe(2)
})

test('no more run at once than concurrency allows; others wait, and one too many is refused', async () => {
  const a = await startHeld()
  const concurrency = { maxParallelRequests: 1, maxPendingRequests: 1 }
  const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url, concurrency }] } }))
  const first = ask(relay)
  const running = await a.next()
  const second = ask(relay)
  await eventually(() => expect(relay.observer.inFlight.requests).toBe(2))
  const refused = await ask(relay)
  expect([refused.status, json(refused).code]).toEqual([503, 'connection_limit_reached'])
  expect(refused.header('retry-after')).toBe('1')
  expect(a.received.length).toBe(1)
  // The slot is held to the last byte of the answer.
  running.write('half')
  expect(a.received.length).toBe(1)
  running.end('whole')
  ;(await a.next()).end()
  expect([(await first).status, (await second).status]).toEqual([200, 200])
})

test('a shared limit decides for the route, and its late answer finds the caller gone', async () => {
  const a = open(await startUpstream())
  const asked: ((granted: number) => void)[] = []
  const spec = {
    rateLimit: { requests: 1, scope: 'Global' },
    upstreams: [{ name: 'a', url: a.url }],
  }
  const relay = open(
    await startRelay(
      { r: spec },
      {
        sharedLimit: () => ({
          reserve: () => new Promise<number>(resolve => asked.push(resolve)),
          giveBack: () => {},
        }),
      },
    ),
  )
  const next = () => eventually(() => asked.shift() ?? Promise.reject(new Error('not asked yet')))
  const granted = ask(relay, { method: 'POST', body: 'x'.repeat(100_000) })
  ;(await next())(0)
  expect((await granted).status).toBe(200)
  const refused = ask(relay)
  ;(await next())(-1500)
  expect([(await refused).status, (await refused).header('retry-after')]).toEqual([429, '2'])
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes())
  const late = await next()
  client.close()
  await eventually(() => expect(relay.server.getConnections).toBeDefined())
  late(-1)
  await eventually(() => expect([relay.tables.inUse, relay.observer.inFlight.requests]).toEqual([0, 0]))
  expect(a.received.length).toBe(1)
})
