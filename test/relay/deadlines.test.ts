import { describe, expect, test, vi } from 'vitest'
import { Exchange } from '../../src/relay/exchange.ts'
import { Leg } from '../../src/relay/leg.ts'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startHeldUpstream, startStreamingUpstream, startUpstream } from '../support/upstream.ts'

const open = closing()

const startHeld = async () => open(await startHeldUpstream())

const start = async (spec: object) => {
  const clock = new FakeClock()
  const [a, b] = [await startHeld(), await startHeld()]
  const { upstreams = {}, ...more } = spec as { upstreams?: Record<string, object> }
  const legs = [
    { name: 'a', url: a.url, ...upstreams.a },
    { name: 'b', url: b.url, ...upstreams.b },
  ]
  const relay = open(await startRelay({ r: { upstreams: legs, ...more } }, { clock }))
  return { clock, a, b, relay }
}

const isIdle = (relay: Awaited<ReturnType<typeof start>>['relay']) =>
  eventually(() => {
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.current!.users]).toEqual([
      0, 0, 0,
    ])
  })

describe('timeouts.request', () => {
  test('an Envelope at the deadline shows what is there and who is missing', async () => {
    const { clock, a, b, relay } = await start({ timeouts: { request: '2s' } })
    const answer = ask(relay, { method: 'POST', body: 'x' })
    const onB = await b.next()
    clock.advance(500)
    ;(await a.next()).end('in time')
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    clock.advance(1499)
    expect(relay.observer.legs.length).toBe(1)
    clock.advance(1)
    const { status, results } = json(await answer)
    expect(status).toBe('failed')
    expect(results.a).toMatchObject({ outcome: 'success', durationMs: 500 })
    expect(results.b).toMatchObject({ outcome: 'failure', error: 'deadline_exceeded', durationMs: 2000 })
    await eventually(() => expect(onB.closed).toBe(true))
    await isIdle(relay)
  })

  test.each([
    ['Primary', { success: 'Primary', from: 'a' }],
    ['First', { success: 'First' }],
    ['All, answer of one', { success: 'All', body: 'Upstream', from: 'a' }],
  ])('%s with nobody answering is 504', async (_name, response) => {
    const { clock, a, b, relay } = await start({ timeouts: { request: '2s' }, response })
    const answer = ask(relay)
    await a.next()
    await b.next()
    clock.advance(2000)
    expect([(await answer).status, json(await answer).code]).toEqual([504, 'deadline_exceeded'])
    await isIdle(relay)
  })

  test('a stream that is under way is cut, never ended', async () => {
    const { clock, a, b, relay } = await start({
      timeouts: { request: '2s' },
      response: { success: 'Primary', from: 'a' },
    })
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    const stream = await a.next()
    stream.write('event')
    await eventually(() => expect(client.received.toString()).toContain('event'))
    ;(await b.next()).end()
    clock.advance(2000)
    expect(await client.response()).toMatchObject({ status: 200, complete: false })
    await eventually(() => expect(stream.closed).toBe(true))
    await isIdle(relay)
    expect(relay.observer.exchanges).toMatchObject([{ status: 200, outcome: 'failed' }])
  })

  test('it covers the upload: a body that does not arrive is answered 408', async () => {
    const { clock, a, b, relay } = await start({ timeouts: { request: '2s' } })
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': '10' } })).send('part')
    await eventually(() => expect(relay.budget.inFlight).toBe(1))
    clock.advance(2000)
    const answer = await client.response()
    expect([answer.status, json(answer).code]).toEqual([408, 'request_timeout'])
    // What arrives afterwards starts nothing.
    client.send('and the rest')
    await client.untilClosed()
    await isIdle(relay)
    expect([a.connections(), b.connections()]).toEqual([0, 0])
    expect(relay.observer.exchanges).toMatchObject([{ status: 408, outcome: 'rejected' }])
  })

  test('time spent on the upload is not given to the upstreams again', async () => {
    const { clock, a, relay } = await start({ timeouts: { request: '2s' } })
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': '10' } })).send('12345')
    await eventually(() => expect(relay.budget.inFlight).toBe(1))
    clock.advance(1500)
    client.send('67890')
    await a.next()
    clock.advance(500)
    expect(json(await client.response()).results.a).toMatchObject({
      error: 'deadline_exceeded',
      durationMs: 500,
    })
  })

  test('it covers a streamed upload', async () => {
    const clock = new FakeClock()
    const a = open(await startStreamingUpstream(request => request.on('error', () => {}).resume()))
    const limits = { maxBodySize: '1k', onOversize: 'StreamAll' }
    const relay = open(
      await startRelay(
        { r: { upstreams: [{ name: 'a', url: a.url }], limits, timeouts: { request: '2s' } } },
        { clock },
      ),
    )
    const client = open(await RawClient.connect(relay.port))
    client
      .send(requestBytes({ method: 'POST', headers: { 'content-length': '100000' } }))
      .send('x'.repeat(5000))
    await eventually(() => expect(a.connections()).toBe(1))
    clock.advance(2000)
    expect((await client.response()).status).toBe(504)
    await eventually(() => expect(a.openSockets()).toBe(0))
  })

  test('a caller that does not read its answer is cut off', async () => {
    const clock = new FakeClock()
    const body = Buffer.alloc(8_000_000)
    const a = open(await startUpstream((_r, answer) => answer.end(body)))
    const response = { success: 'All', body: 'Upstream' }
    const relay = open(
      await startRelay(
        {
          r: {
            upstreams: [{ name: 'a', url: a.url }],
            response,
            limits: { maxBodySize: '16Mi' },
            timeouts: { request: '2s' },
          },
        },
        { clock },
      ),
    )
    const client = open(await RawClient.connect(relay.port))
    client.socket.pause()
    client.send(requestBytes())
    await eventually(() => expect(relay.observer.legs).toMatchObject([{ status: 200, error: '' }]))
    expect(relay.budget.inFlight).toBe(1)
    clock.advance(2000)
    await eventually(() => expect(relay.budget.inFlight).toBe(0))
  })

  test('0s switches it off', async () => {
    const { clock, a, b, relay } = await start({ timeouts: { request: '0s' } })
    const answer = ask(relay)
    const [onA, onB] = [await a.next(), await b.next()]
    clock.advance(3_600_000)
    onA.end()
    onB.end()
    expect((await answer).status).toBe(200)
    expect(clock.armed).toBe(0)
  })
})

describe('timeouts.backendRequest', () => {
  test('ends one attempt with http_response_timeout, and costs the others nothing', async () => {
    const { clock, a, b, relay } = await start({ timeouts: { request: '2s', backendRequest: '800ms' } })
    const answer = ask(relay)
    ;(await a.next()).end('ok')
    await b.next()
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    clock.advance(800)
    const { results } = json(await answer)
    expect(results.a.outcome).toBe('success')
    expect(results.b).toMatchObject({ error: 'http_response_timeout', durationMs: 800 })
    await isIdle(relay)
  })

  test('covers the body of the answer', async () => {
    const { clock, a, b, relay } = await start({
      timeouts: { backendRequest: '800ms' },
      response: { success: 'Primary', from: 'a' },
    })
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    ;(await a.next()).write('event')
    ;(await b.next()).end()
    await eventually(() => expect(client.received.toString()).toContain('event'))
    clock.advance(800)
    expect((await client.response()).complete).toBe(false)
    expect(relay.observer.legs.find(({ leg }) => leg === 'a')).toMatchObject({
      error: 'http_response_timeout',
    })
  })

  test('of a leg overrides that of the route', async () => {
    const { clock, a, b, relay } = await start({
      timeouts: { request: '2s', backendRequest: '800ms' },
      upstreams: { b: { timeouts: { backendRequest: '200ms' } } },
    })
    const answer = ask(relay)
    const onA = await a.next()
    await b.next()
    clock.advance(200)
    await eventually(() =>
      expect(relay.observer.legs).toMatchObject([{ leg: 'b', error: 'http_response_timeout' }]),
    )
    onA.end()
    expect(json(await answer).results.a.outcome).toBe('success')
  })
})

describe('timeouts.request of a leg', () => {
  test('ends that leg with deadline_exceeded', async () => {
    const { clock, a, b, relay } = await start({
      timeouts: { request: '2s' },
      upstreams: { b: { role: 'Optional', timeouts: { request: '300ms' } } },
    })
    const answer = ask(relay)
    const onA = await a.next()
    await b.next()
    clock.advance(300)
    await eventually(() =>
      expect(relay.observer.legs).toMatchObject([{ leg: 'b', error: 'deadline_exceeded' }]),
    )
    onA.end()
    expect(json(await answer)).toMatchObject({ status: 'partial_success' })
  })

  test('cannot outlast the route', async () => {
    const { clock, a, b, relay } = await start({
      timeouts: { request: '1s' },
      upstreams: { b: { timeouts: { request: '5s' } } },
    })
    const answer = ask(relay)
    ;(await a.next()).end()
    await b.next()
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    clock.advance(1000)
    expect(json(await answer).results.b.error).toBe('deadline_exceeded')
  })
})

test('a caller that does not read an answer from memory is let go after timeouts.request', async () => {
  const { clock, a, b, relay } = await start({
    timeouts: { request: '2s' },
    idempotencyKey: {},
    limits: { maxBodySize: '32Mi' },
    response: { success: 'Primary', from: 'a' },
  })
  const request = { method: 'POST', headers: { 'idempotency-key': 'k1' } }
  const first = fetch(relay.url, request)
  ;(await a.next()).end(Buffer.alloc(20_000_000))
  ;(await b.next()).end()
  expect((await (await first).arrayBuffer()).byteLength).toBe(20_000_000)
  await isIdle(relay)
  const client = open(await RawClient.connect(relay.port))
  client.socket.pause()
  client.send(requestBytes(request))
  await eventually(() => expect(relay.observer.inFlight.requests).toBe(1))
  clock.advance(2000)
  await isIdle(relay)
  expect(relay.observer.exchanges.at(-1)).toMatchObject({ status: 200, outcome: 'cancelled' })
})

test('no timer is left once everything has ended', async () => {
  const { clock, a, b, relay } = await start({
    timeouts: { request: '2s', backendRequest: '800ms' },
    upstreams: { b: { timeouts: { request: '1s' } } },
  })
  for (let i = 0; i < 3; i++) {
    const answer = ask(relay)
    ;(await a.next()).end()
    ;(await b.next()).end()
    await answer
  }
  const client = await RawClient.connect(relay.port)
  client.send(requestBytes({ method: 'POST' }))
  const [onA, onB] = [await a.next(), await b.next()]
  client.socket.resetAndDestroy()
  await eventually(() => expect(relay.observer.inFlight.requests).toBe(0))
  onA.end()
  onB.end()
  await isIdle(relay)
  // Whoever waits in a list is kept in memory, bodies and all.
  const expired = [Exchange, Leg].map(({ prototype }) => vi.spyOn(prototype, 'onTimeout'))
  // One system timer a duration remains until it finds its list empty.
  clock.advance(2000)
  expect(clock.armed).toBe(0)
  for (const spy of expired) expect(spy).not.toHaveBeenCalled()
  vi.restoreAllMocks()
})
