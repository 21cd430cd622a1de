import { describe, expect, test } from 'vitest'
import { ask, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startRawUpstream, startStreamingUpstream, startUpstream, unusedPort } from '../support/upstream.ts'

const open = closing()

const startMain = () =>
  startUpstream((received, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.writeHead(201, { 'content-type': 'text/plain' })
    response.end(`${received.method} ${received.body.length}`)
  })

const relayWith = async (
  shadow: object,
  options: Parameters<typeof startRelay>[1] = {},
  more: object = {},
) => {
  const main = open(await startMain())
  const upstreams = [
    { name: 'main', url: main.url },
    { name: 'copy', role: 'Shadow', ...shadow },
  ]
  return open(await startRelay({ r: { upstreams, timeouts: { request: '30s' }, ...more } }, options))
}

const hang = () => startUpstream(() => {})

const shadows: Readonly<Record<string, () => Promise<string>>> = {
  'never answers': async () => open(await hang()).url,
  'is not there': async () => `http://127.0.0.1:${await unusedPort()}`,
  'has no address': async () => 'http://no-such-host.invalid',
  'never reads': async () => open(await startStreamingUpstream(request => request.pause())).url,
  'answers 500': async () => open(await startUpstream((_r, answer) => answer.writeHead(500).end('no'))).url,
  'resets at once': async () => open(await startRawUpstream(socket => socket.resetAndDestroy())).url,
  'resets in the middle of its answer': async () =>
    open(
      await startRawUpstream(socket => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx')
        setImmediate(() => socket.resetAndDestroy())
      }),
    ).url,
  'answers nonsense': async () => open(await startRawUpstream(socket => socket.end('SSH-2.0-x\r\n'))).url,
  'answers without end': async () =>
    open(
      await startUpstream((_r, answer) => {
        const more = () => {
          while (!answer.destroyed && answer.write(Buffer.alloc(64 * 1024)));
        }
        answer.on('drain', more)
        more()
      }),
    ).url,
}

describe('a shadow that', () => {
  test.each(Object.entries(shadows))('%s changes nothing for the caller', async (_how, url) => {
    const relay = await relayWith({ url: await url() })
    const client = open(await RawClient.connect(relay.port))
    for (const body of ['', 'x', 'y'.repeat(300_000)]) {
      client.send(requestBytes({ method: 'POST', body }))
      // The same connection answers the next request at once, whatever becomes of the copy.
      const answer = await client.response()
      expect([answer.status, answer.complete, answer.body.toString()]).toEqual([
        201,
        true,
        `POST ${body.length}`,
      ])
      expect(answer.all('set-cookie')).toEqual(['a=1', 'b=2'])
      expect(answer.header('x-fanout-status')).toBe('success')
      expect(answer.header('server-timing')).toMatch(/^main;dur=[0-9.]+$/)
    }
    expect(relay.observer.exchanges.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'success'])
    expect(relay.observer.defects).toEqual([])
  })
})

test('outlives the caller, safe method or not', async () => {
  const held: (() => void)[] = []
  const copy = open(await startUpstream((_r, answer) => held.push(() => answer.end('done'))))
  const main = open(await hang())
  const upstreams = [
    { name: 'main', url: main.url },
    { name: 'copy', role: 'Shadow', url: copy.url },
  ]
  const relay = open(await startRelay({ r: { upstreams } }))
  const client = await RawClient.connect(relay.port)
  client.send(requestBytes({ method: 'GET' }))
  await eventually(() => expect(held.length).toBe(1))
  client.socket.resetAndDestroy()
  await eventually(() =>
    expect(relay.observer.legs).toMatchObject([{ leg: 'main', error: 'client_cancelled' }]),
  )
  held[0]!()
  await eventually(() =>
    expect(relay.observer.legs[1]).toMatchObject({ leg: 'copy', status: 200, error: '' }),
  )
  await eventually(() => expect(relay.tables.current!.users).toBe(0))
})

test('has a deadline of its own, its timeouts.request or that of the route', async () => {
  const copy = open(await hang())
  const relay = await relayWith({ url: copy.url, timeouts: { request: '50ms' } })
  const client = open(await RawClient.connect(relay.port))
  await client.send(requestBytes()).response()
  await eventually(() =>
    expect(relay.observer.legs[1]).toMatchObject({ leg: 'copy', error: 'deadline_exceeded' }),
  )
  const other = await relayWith({ url: copy.url }, {}, { timeouts: { request: '50ms' } })
  await open(await RawClient.connect(other.port))
    .send(requestBytes())
    .response()
  await eventually(() => expect(other.observer.legs[1]).toMatchObject({ error: 'deadline_exceeded' }))
  await eventually(() => expect(copy.openSockets()).toBe(0))
})

test('may wait to be sent again for longer than the caller waits for its answer', async () => {
  const clock = new FakeClock()
  const copy = open(
    await startUpstream((_r, answer) =>
      copy.received.length === 1 ? answer.writeHead(503, { 'retry-after': '1' }).end() : answer.end(),
    ),
  )
  const retry = { attempts: 1, backoff: '1ms' }
  const shadow = { url: copy.url, timeouts: { request: '5s' }, retry }
  const relay = await relayWith(shadow, { clock }, { timeouts: { request: '400ms' } })
  expect((await ask(relay)).status).toBe(201)
  await eventually(() => expect(relay.observer.legs.at(-1)).toMatchObject({ leg: 'copy', status: 503 }))
  clock.advance(1_000)
  await eventually(() => expect(relay.observer.legs.at(-1)).toMatchObject({ leg: 'copy', status: 200 }))
})

describe('outstanding copies', () => {
  test('are capped at 256, dropped beyond and counted, and the cap is free again afterwards', async () => {
    const held: (() => void)[] = []
    const copy = open(await startUpstream((_r, answer) => held.push(() => answer.end())))
    const relay = await relayWith({ url: copy.url })
    const client = open(await RawClient.connect(relay.port))
    const send = async () => {
      client.send(requestBytes())
      expect((await client.response()).status).toBe(201)
    }
    for (let i = 0; i < 260; i++) await send()
    expect(relay.observer.skipped).toEqual(
      Array(4).fill({ route: 'default/r', leg: 'copy', reason: 'limit' }),
    )
    await eventually(() => expect(held.length).toBe(256))
    for (const answer of held.splice(0)) answer()
    await eventually(() => expect(relay.legStates.get('default/r', 'copy', false).inFlight).toBe(0))
    await send()
    expect(relay.observer.skipped.length).toBe(4)
  })

  test('are dropped and counted when captured bodies fill half of the memory', async () => {
    const copy = open(await hang())
    const relay = await relayWith({ url: copy.url }, { maxBufferedBytes: 100_000 })
    const client = open(await RawClient.connect(relay.port))
    for (let i = 0; i < 4; i++) {
      client.send(requestBytes({ method: 'POST', body: Buffer.alloc(20_000) }))
      expect((await client.response()).status).toBe(201)
    }
    expect(relay.observer.skipped.map(({ reason }) => reason)).toEqual(['memory', 'memory'])
    // What copies hold leaves room for callers.
    expect(relay.budget.bufferedBytes).toBeLessThanOrEqual(50_000)
  })
})
