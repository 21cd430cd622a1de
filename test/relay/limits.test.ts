import { describe, expect, test } from 'vitest'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../support/upstream.ts'

const open = closing()

const startHeld = async () => open(await startHeldUpstream())

test('beyond the requests it may have in flight the relay answers 503 and says when to come back', async () => {
  const a = await startHeld()
  const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }, { maxInFlight: 2 }))
  const [one, two] = [ask(relay), ask(relay)]
  const [first, second] = [await a.next(), await a.next()]
  const client = open(await RawClient.connect(relay.port))
  const refused = await client.send(requestBytes({ method: 'POST', body: 'x' })).response()
  expect([refused.status, json(refused).code, refused.header('retry-after')]).toEqual([
    503,
    'overloaded',
    '1',
  ])
  expect(relay.observer.exchanges).toMatchObject([{ status: 503, outcome: 'rejected' }])
  first.end()
  await one
  // The connection that was refused is as good as ever.
  client.send(requestBytes())
  ;(await a.next()).end('served')
  expect((await client.response()).body.toString()).toBe('served')
  second.end()
  await two
  expect(relay.budget.inFlight).toBe(0)
})

test.each([
  ['a body that its route does not take', '/r', 413],
  ['a body for no route', '/none', 404],
])(
  'a refused request is over once it is answered, whatever its caller still sends: %s',
  async (_, path, status) => {
    const a = open(await startUpstream())
    const spec = {
      matches: [{ path: { value: '/r' } }],
      limits: { maxBodySize: 10 },
      upstreams: [{ name: 'a', url: a.url }],
    }
    const relay = open(await startRelay({ r: spec }, { maxInFlight: 1 }))
    const client = open(await RawClient.connect(relay.port))
    // It says so itself, so the relay may not take what comes for the next request.
    const headers = { 'content-length': '500', expect: '100-continue' }
    client.send(requestBytes({ method: 'POST', path, headers }))
    expect((await client.response()).status).toBe(status)
    expect(client.closed).toBe(false)
    expect(relay.observer.exchanges).toMatchObject([{ status }])
    expect(relay.observer.inFlight.requests).toBe(0)
    expect((await ask(relay, { path: '/r' })).status).toBe(200)
  },
)

describe('memory', () => {
  const options = { maxBufferedBytes: 100_000 }

  test('bodies beyond it are refused before they are read', async () => {
    const a = await startHeld()
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }, options))
    const one = ask(relay, { method: 'POST', body: Buffer.alloc(60_000) })
    const first = await a.next()
    expect(relay.budget.bufferedBytes).toBe(60_000)
    const refused = await ask(relay, { method: 'POST', body: Buffer.alloc(60_000) })
    expect([refused.status, json(refused).code, refused.header('retry-after')]).toEqual([
      503,
      'overloaded',
      '1',
    ])
    const small = ask(relay, { method: 'POST', body: Buffer.alloc(30_000) })
    ;(await a.next()).end()
    expect((await small).status).toBe(200)
    first.end()
    await one
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(0))
  })

  test('a body counts as it comes in, not as what it may become', async () => {
    const a = await startHeld()
    const limits = { maxBodySize: '80k' }
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }], limits } }, options))
    const client = open(await RawClient.connect(relay.port))
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(3))
    client.send('0\r\n\r\n')
    const held = await a.next()
    expect(relay.budget.bufferedBytes).toBe(3)
    held.end()
    await client.response()
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(0))
  })

  test('answers that an Envelope collects count, and fail their leg beyond it', async () => {
    const a = open(await startUpstream((_r, answer) => answer.end(Buffer.alloc(70_000, 'a'))))
    const upstreams = [
      { name: 'a', url: a.url },
      { name: 'b', url: a.url },
    ]
    const relay = open(await startRelay({ r: { upstreams } }, options))
    const { status, results } = json(await ask(relay))
    expect(status).toBe('failed')
    const errors = [results.a.error, results.b.error]
    expect(errors.filter(Boolean)).toEqual(['connection_limit_reached'])
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(0))
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
  })
})

test('beyond the requests a leg may have in flight it fails by itself', async () => {
  const [a, b] = [await startHeld(), open(await startUpstream())]
  const upstreams = [
    { name: 'a', url: a.url, role: 'Optional' },
    { name: 'b', url: b.url },
  ]
  const relay = open(await startRelay({ r: { upstreams } }, { legLimits: { maxAwaitedInFlight: 1 } }))
  const one = ask(relay)
  const held = await a.next()
  await eventually(() => expect(relay.legStates.get('default/r', 'b', true).inFlight).toBe(0))
  const refused = await ask(relay)
  expect([refused.status, json(refused).results.a.error]).toEqual([207, 'connection_limit_reached'])
  held.end()
  expect((await one).status).toBe(200)
  const two = ask(relay)
  ;(await a.next()).end()
  expect((await two).status).toBe(200)
  expect(a.connections()).toBe(1)
  expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
})

test('a leg at its limit that nobody can stand in for is 503', async () => {
  const a = await startHeld()
  const upstreams = [{ name: 'a', url: a.url }]
  const relay = open(await startRelay({ r: { upstreams } }, { legLimits: { maxAwaitedInFlight: 1 } }))
  const one = ask(relay)
  const held = await a.next()
  const refused = await ask(relay)
  expect([refused.status, json(refused).code]).toEqual([503, 'connection_limit_reached'])
  expect(refused.header('retry-after')).toBe('1')
  held.end()
  await one
})
