import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { ask } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startRelay } from '../../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../../support/upstream.ts'
import { flood } from '../flood.ts'

const open = closing()

const start = async (spec: object = {}) => {
  const clock = new FakeClock()
  const held: ServerResponse[] = []
  const a = open(await startUpstream((_r, response) => held.push(response)))
  const upstreams = [{ name: 'a', url: a.url, hedge: { delay: '50ms' } }]
  const relay = open(await startRelay({ r: { upstreams, ...spec } }, { clock }))
  const next = () => eventually(() => held.shift() ?? Promise.reject(new Error('no request yet')))
  return { clock, a, relay, next }
}

test('a slow first attempt gets a second beside it; the first to answer wins and the other is cancelled', async () => {
  const { clock, a, relay, next } = await start()
  const answer = ask(relay)
  const slow = await next()
  clock.advance(49)
  expect(a.received.length).toBe(1)
  clock.advance(1)
  ;(await next()).end('second')
  expect((await answer).body.toString()).toBe('second')
  await eventually(() => expect(slow.closed).toBe(true))
  expect(relay.observer.policies.filter(({ event }) => event === 'hedged').length).toBe(1)
  await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
})

test('a first attempt that is quick is alone', async () => {
  const { clock, a, relay, next } = await start()
  const answer = ask(relay)
  ;(await next()).end('first')
  expect((await answer).body.toString()).toBe('first')
  clock.advance(1_000)
  expect(a.received.length).toBe(1)
})

test('a POST without a key is not hedged', async () => {
  const { clock, a, relay, next } = await start()
  const answer = ask(relay, { method: 'POST', body: 'x' })
  const only = await next()
  clock.advance(1_000)
  only.end('first')
  expect((await answer).status).toBe(200)
  expect(a.received.length).toBe(1)
})

test.each([
  ['is reset', '0s'],
  ['runs out of time', '300ms'],
])('the answer of the first attempt is the answer when the second %s', async (_what, backendRequest) => {
  const { clock, relay, next } = await start({ timeouts: { backendRequest } })
  const answer = ask(relay)
  const first = await next()
  clock.advance(50)
  const second = await next()
  first.writeHead(503, { 'retry-after': '7' }).end('busy')
  await eventually(() => expect(relay.observer.legs.length).toBe(1))
  if (backendRequest === '0s') second.destroy()
  else clock.advance(300)
  const got = await answer
  expect([got.status, got.header('retry-after'), got.body.toString()]).toEqual([503, '7', 'busy'])
})

test.each([
  ['alone', {}],
  ['in a route that retries', { retry: { attempts: 2, backoff: '1ms' } }],
])(
  'the answer of the first attempt is the answer when the deadline ends the second: %s',
  async (_how, more) => {
    const { clock, relay, next } = await start({ timeouts: { request: '500ms' }, ...more })
    const answer = ask(relay)
    const first = await next()
    clock.advance(50)
    await next()
    first.writeHead(503).end('busy')
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    clock.advance(450)
    expect(await answer).toMatchObject({ status: 503, body: Buffer.from('busy') })
  },
)

test('an answer that waits beside another try is not read without bound', async () => {
  const { clock, relay, next } = await start()
  const answer = ask(relay)
  const first = await next()
  clock.advance(50)
  const second = await next()
  await flood(first.writeHead(503)).backsUp()
  second.end('good')
  expect((await answer).body.toString()).toBe('good')
})

test('a try that an open circuit would refuse is not begun, and leaves the budget to others', async () => {
  const clock = new FakeClock()
  const [a, b] = [open(await startHeldUpstream()), open(await startHeldUpstream())]
  const hedge = { delay: '50ms' }
  const upstreams = [
    { name: 'a', url: a.url, hedge, circuitBreaker: { consecutiveFailures: 1 } },
    { name: 'b', url: b.url, hedge },
  ]
  const spec = { retryBudget: { percent: 0, minPerSecond: 1 }, upstreams }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const slow = ask(relay)
  const held = [await a.next(), await b.next()]
  const failing = ask(relay)
  ;(await a.next()).writeHead(500).end()
  ;(await b.next()).end()
  await failing
  clock.advance(50)
  const hedged = await b.next()
  expect(relay.observer.policies.filter(({ event }) => event === 'hedged')).toMatchObject([{ leg: 'b' }])
  expect(a.received.length).toBe(2)
  for (const response of [...held, hedged]) response.end()
  expect((await slow).status).toBe(200)
})
