import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../../support/upstream.ts'

const open = closing()

const startHeld = async () => open(await startHeldUpstream())

const isIdle = (relay: TestRelay) =>
  eventually(() => expect([relay.tables.inUse, relay.budget.bufferedBytes]).toEqual([0, 0]))

const order = (key: string, body = '{"n":1}') => ({
  method: 'POST',
  headers: { 'idempotency-key': key },
  body,
})

const startTwo = async (spec: object = {}) => {
  const [a, b] = [open(await startUpstream()), open(await startUpstream())]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', role: 'Optional', url: b.url },
  ]
  const relay = open(await startRelay({ r: { idempotencyKey: {}, upstreams, ...spec } }))
  return { a, b, relay }
}

test("a caller's key reaches each upstream with the name of its leg, quotes kept", async () => {
  const { a, b, relay } = await startTwo()
  await ask(relay, order('k1'))
  await ask(relay, order('"k 2"'))
  expect(a.received.map(received => received.header('idempotency-key'))).toEqual(['k1-a', '"k 2-a"'])
  expect(b.received.map(received => received.header('idempotency-key'))).toEqual(['k1-b', '"k 2-b"'])
})

test('a request without a key gets one, the same on every attempt', async () => {
  let asked = 0
  const a = open(
    await startUpstream((_r, response) => response.writeHead(asked++ === 0 ? 503 : 200).end('ok')),
  )
  const spec = { idempotencyKey: {}, retry: { backoff: '1ms' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }))
  expect((await ask(relay, { method: 'POST', body: 'x' })).status).toBe(200)
  const keys = a.received.map(received => received.header('idempotency-key'))
  expect(keys.length).toBe(2)
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/^.{8,}-a$/)
})

test('generate: false leaves a request without a key as it is, and a POST is then not retried', async () => {
  const a = open(await startUpstream((_r, response) => response.writeHead(503).end()))
  const spec = {
    idempotencyKey: { generate: false },
    retry: { backoff: '1ms' },
    upstreams: [{ name: 'a', url: a.url }],
  }
  const relay = open(await startRelay({ r: spec }))
  expect((await ask(relay, { method: 'POST', body: 'x' })).status).toBe(503)
  expect(a.received.map(received => received.header('idempotency-key'))).toEqual([undefined])
})

test('a finished request is answered from memory: the same bytes, marked, and nothing is sent', async () => {
  const { a, b, relay } = await startTwo()
  const first = await ask(relay, order('k'))
  const again = await ask(relay, order('k'))
  expect([again.status, again.body.toString()]).toEqual([first.status, first.body.toString()])
  expect([first.header('idempotent-replayed'), again.header('idempotent-replayed')]).toEqual([
    undefined,
    'true',
  ])
  expect(again.header('x-request-id')).not.toBe(first.header('x-request-id'))
  expect([a.received.length, b.received.length]).toEqual([1, 1])
  expect(relay.observer.exchanges.map(({ outcome }) => outcome)).toEqual(['success', 'success'])
  await isIdle(relay)
})

test('an answer that was streamed is repeated as well', async () => {
  const a = open(
    await startUpstream((_r, response) => {
      response.writeHead(201, { 'content-type': 'text/plain' })
      response.write('one ')
      setImmediate(() => response.end('two'))
    }),
  )
  const relay = open(await startRelay({ r: { idempotencyKey: {}, upstreams: [{ name: 'a', url: a.url }] } }))
  await ask(relay, order('k'))
  const again = await ask(relay, order('k'))
  expect([again.status, again.body.toString(), again.header('content-type')]).toEqual([
    201,
    'one two',
    'text/plain',
  ])
  expect(a.received.length).toBe(1)
})

test('the same key with another payload is refused with 422, on another path too', async () => {
  const { a, relay } = await startTwo()
  await ask(relay, order('k'))
  const other = await ask(relay, order('k', '{"n":2}'))
  expect([other.status, json(other).code]).toEqual([422, 'idempotency_mismatch'])
  expect((await ask(relay, { ...order('k'), path: '/other' })).status).toBe(422)
  expect(a.received.length).toBe(1)
})

test('while the first is under way the same key is refused with 409 and Retry-After', async () => {
  const a = await startHeld()
  const relay = open(await startRelay({ r: { idempotencyKey: {}, upstreams: [{ name: 'a', url: a.url }] } }))
  const first = ask(relay, order('k'))
  const held = await a.next()
  const second = await ask(relay, order('k'))
  expect([second.status, json(second).code, second.header('retry-after')]).toEqual([
    409,
    'idempotency_in_flight',
    '1',
  ])
  held.end('done')
  expect((await first).body.toString()).toBe('done')
  expect((await ask(relay, order('k'))).body.toString()).toBe('done')
  expect(a.received.length).toBe(1)
})

test('a failure is not remembered: the same key tries again', async () => {
  let asked = 0
  const a = open(
    await startUpstream((_r, response) => response.writeHead(asked++ === 0 ? 500 : 200).end('x')),
  )
  const relay = open(await startRelay({ r: { idempotencyKey: {}, upstreams: [{ name: 'a', url: a.url }] } }))
  expect([(await ask(relay, order('k'))).status, (await ask(relay, order('k'))).status]).toEqual([500, 200])
  expect(a.received.map(received => received.header('idempotency-key'))).toEqual(['k-a', 'k-a'])
})

test('an answer that asks to come back later is not remembered, nor is an envelope that failed', async () => {
  const a = open(await startUpstream((_r, response) => response.writeHead(429).end()))
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: a.url },
  ]
  const enveloped = { matches: [{ path: { value: '/two' } }], response: { statuses: { failed: 409 } } }
  const relay = open(
    await startRelay({
      one: { idempotencyKey: {}, upstreams: upstreams.slice(0, 1) },
      two: { idempotencyKey: {}, upstreams, ...enveloped },
    }),
  )
  await ask(relay, order('k'))
  expect((await ask(relay, order('k'))).header('idempotent-replayed')).toBeUndefined()
  await ask(relay, { ...order('k'), path: '/two' })
  const again = await ask(relay, { ...order('k'), path: '/two' })
  expect([again.status, json(again).status]).toEqual([409, 'failed'])
  expect(a.received.length).toBe(6)
})

test('callers with other credentials have other keys', async () => {
  const { a, relay } = await startTwo()
  const of = (user: string) => {
    const { headers, ...rest } = order('k')
    return { ...rest, headers: { ...headers, authorization: `Bearer ${user}` } }
  }
  await ask(relay, of('ann'))
  expect((await ask(relay, of('bob'))).header('idempotent-replayed')).toBeUndefined()
  expect((await ask(relay, of('ann'))).header('idempotent-replayed')).toBe('true')
  expect(a.received.length).toBe(2)
})

test('a caller that left before its answer finds it when it asks again', async () => {
  const a = await startHeld()
  const relay = open(await startRelay({ r: { idempotencyKey: {}, upstreams: [{ name: 'a', url: a.url }] } }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes(order('k')))
  const held = await a.next()
  client.close()
  await eventually(() => expect(relay.budget.inFlight).toBe(0))
  held.writeHead(201).end('made')
  await isIdle(relay)
  const again = await ask(relay, order('k'))
  expect([again.status, again.body.toString(), again.header('idempotent-replayed')]).toEqual([
    201,
    'made',
    'true',
  ])
  expect(a.received.length).toBe(1)
})

test('keys of one route mean nothing to another', async () => {
  const a = open(await startUpstream())
  const spec = { idempotencyKey: {}, upstreams: [{ name: 'a', url: a.url }] }
  const other = { ...spec, matches: [{ path: { value: '/other' } }] }
  const relay = open(await startRelay({ r: spec, other }))
  await ask(relay, order('k'))
  expect((await ask(relay, { ...order('k'), path: '/other' })).header('idempotent-replayed')).toBeUndefined()
  expect(a.received.length).toBe(2)
})

test('an answer is forgotten after ttl', async () => {
  const clock = new FakeClock()
  const a = open(await startUpstream())
  const spec = { idempotencyKey: { ttl: '1h' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { clock }))
  await ask(relay, order('k'))
  clock.advance(3_599_999)
  await ask(relay, order('k'))
  expect(a.received.length).toBe(1)
  clock.advance(1)
  await ask(relay, order('k'))
  expect(a.received.length).toBe(2)
})

test.each(['x'.repeat(256), 'with space'])('the key %j is refused with 400', async key => {
  const { a, relay } = await startTwo()
  const refused = await ask(relay, order(key))
  expect([refused.status, json(refused).code]).toEqual([400, 'idempotency_key_invalid'])
  expect(a.received.length).toBe(0)
})

test('a GET takes no part: its key passes through and nothing is remembered', async () => {
  const { a, relay } = await startTwo()
  const get = { headers: { 'idempotency-key': 'k' } }
  await ask(relay, get)
  await ask(relay, get)
  expect(a.received.map(received => received.header('idempotency-key'))).toEqual(['k', 'k'])
})

test('answers that were remembered survive a reload', async () => {
  const { a, relay } = await startTwo()
  await ask(relay, order('k'))
  relay.load({
    r: { idempotencyKey: {}, timeouts: { request: '9s' }, upstreams: [{ name: 'a', url: a.url }] },
  })
  expect((await ask(relay, order('k'))).header('idempotent-replayed')).toBe('true')
  expect(a.received.length).toBe(1)
})
