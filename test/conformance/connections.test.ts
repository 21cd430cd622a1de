import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dataServer } from '../../src/relay/data-server.ts'
import { eventually } from '../support/eventually.ts'
import { exchangeRaw, RawClient } from '../support/raw-client.ts'
import { recorder } from '../support/recorder.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { message, problemOf, sendHostile, smuggled } from './harness.ts'

let upstream: Upstream
let relay: TestRelay
let client: RawClient
/** Answers held back until `release`. */
let held: (() => void)[]

beforeAll(async () => {
  upstream = await startUpstream(({ url }, response) => {
    const answer = () => response.end(url)
    if (url.startsWith('/held')) held.push(answer)
    else setTimeout(answer, url.length % 3)
  })
  relay = await startRelay({
    all: { limits: { maxBodySize: '1Ki' }, upstreams: [{ name: 'a', url: upstream.url }] },
    one: {
      hostnames: ['narrow.local'],
      matches: [{ path: { value: '/x' } }],
      upstreams: [{ name: 'a', url: upstream.url }],
    },
  })
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
})
beforeEach(async () => {
  held = []
  client = await RawClient.connect(relay.port)
})
afterEach(async () => {
  client.close()
  for (const release of held) release()
  await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
  expect([relay.budget.inFlight, relay.budget.bufferedBytes]).toEqual([0, 0])
  expect(relay.observer.defects).toEqual([])
})

const get = (path: string, ...fields: string[]): string => message(`GET ${path} HTTP/1.1`, fields)
const post = (path: string, body: string, ...fields: string[]): string =>
  message(`POST ${path} HTTP/1.1`, [`Content-Length: ${body.length}`, ...fields], body)
const releaseAll = async (count: number): Promise<void> => {
  await eventually(() => expect(held).toHaveLength(count))
  for (const release of held.splice(0)) release()
}

describe('H27 HTTP/1.0', () => {
  it('gets an answer without chunks, ended by the connection', async () => {
    const answer = await client.send('GET /plain HTTP/1.0\r\n\r\n').response()
    expect([answer.status, answer.body.toString()]).toEqual([200, '/plain'])
    expect([answer.header('transfer-encoding'), answer.header('connection')]).toEqual([undefined, 'close'])
    await client.untilClosed()
  })

  it('keeps its connection when it asks to and the length is known', async () => {
    client.send('GET /x HTTP/1.0\r\nHost: narrow.local\r\nConnection: keep-alive\r\n\r\n')
    expect((await client.response()).status).toBe(200)
  })
})

describe('H27 pipelining', () => {
  it('answers 50 requests in the order they came', async () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/${'p'.repeat(i % 7)}${i}`)
    client.send(paths.map((path, i) => (i % 5 === 0 ? post(path, 'body') : get(path))).join(''))
    for (const path of paths) expect((await client.response()).body.toString()).toBe(path)
    expect(client.closed).toBe(false)
  })

  it('answers what came before a message that cannot be parsed, then refuses that and closes', async () => {
    client.send(`${get('/held/1')}${post('/held/2', 'x')}RUBBISH\r\n\r\n${smuggled}`)
    await releaseAll(2)
    expect((await client.response()).body.toString()).toBe('/held/1')
    expect((await client.response()).body.toString()).toBe('/held/2')
    expect((await client.response()).status).toBe(400)
    client.socket.end()
    expect((await client.untilClosed()).toString()).toBe('')
    expect(upstream.received.map(({ url }) => url)).not.toContain('/smuggled')
  })

  it('answers what came before a request that is refused, then refuses that and closes', async () => {
    client.send(`${get('/held/1')}GET /b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${smuggled}`)
    await releaseAll(1)
    expect((await client.response()).body.toString()).toBe('/held/1')
    expect((await client.response()).status).toBe(400)
    expect((await client.untilClosed()).toString()).toBe('')
    expect(upstream.received.map(({ url }) => url)).not.toContain('/smuggled')
  })

  it('answers a last request whose body turns out broken after those before it', async () => {
    const broken = message('POST /b HTTP/1.1', ['Transfer-Encoding: chunked'], 'zz\r\n')
    client.send(get('/held/1') + broken)
    await releaseAll(1)
    expect((await client.response()).body.toString()).toBe('/held/1')
    expect((await client.response()).status).toBe(400)
    await client.untilClosed()
  })

  it('answers a request that closes the connection, and takes nothing after it', async () => {
    client.send(get('/held/1', 'Connection: close') + smuggled)
    await releaseAll(1)
    expect((await client.response()).body.toString()).toBe('/held/1')
    expect((await client.untilClosed()).toString()).toBe('')
    expect(upstream.received.map(({ url }) => url)).not.toContain('/smuggled')
  })

  it('of a caller that leaves is cleared away: reads are stopped, writes run to their end', async () => {
    const before = relay.observer.legs.length
    client.send(get('/held/1') + get('/held/2') + post('/held/3', 'x') + get('/held/4'))
    await eventually(() => expect(held).toHaveLength(4))
    client.close()
    await eventually(() => expect(relay.budget.inFlight).toBe(0))
    await releaseAll(4)
    await eventually(() => expect(relay.observer.legs).toHaveLength(before + 4))
    const errors = relay.observer.legs.slice(before).map(({ error }) => error)
    expect(errors.sort()).toEqual(['', 'client_cancelled', 'client_cancelled', 'client_cancelled'])
  })
})

describe('H28 early answers', () => {
  it.each([404, 405])('%i to a request with a body leave the connection usable', async status => {
    const line = status === 404 ? 'POST /none HTTP/1.1' : 'TRACE / HTTP/1.1'
    const bare = await startRelay({
      x: { matches: [{ path: { value: '/x' } }], upstreams: [{ name: 'a', url: upstream.url }] },
    })
    const caller = await RawClient.connect(bare.port)
    caller.send(message(line, ['Content-Length: 5'], 'hello') + get('/x'))
    expect((await caller.response()).status).toBe(status)
    expect((await caller.response()).body.toString()).toBe('/x')
    caller.close()
    await bare.close()
  })

  it.each(['POST /-/fanout/none HTTP/1.1', 'OPTIONS * HTTP/1.1'])(
    'of the relay itself end the connection when the body does not end: %s',
    async line => {
      client.send(message(line, ['Content-Length: 99999999'], 'hello'))
      expect((await client.response()).status).toBeLessThan(500)
      await client.untilClosed(3_000)
    },
  )

  it('end the connection when the body neither ends nor stops', async () => {
    const bare = await startRelay({
      x: { matches: [{ path: { value: '/x' } }], upstreams: [{ name: 'a', url: upstream.url }] },
    })
    const caller = await RawClient.connect(bare.port)
    caller.send(message('POST /none HTTP/1.1', ['Content-Length: 99999999'], 'hello'))
    expect((await caller.response()).status).toBe(404)
    await caller.untilClosed(3_000)
    await bare.close()
  })

  it('reach a caller that is still sending', async () => {
    client.send(message('POST / HTTP/1.1', ['Content-Length: 1000000'], 'x'.repeat(100_000)))
    const answer = await client.response()
    expect([answer.status, answer.header('connection')]).toEqual([413, 'close'])
    client.send('x'.repeat(900_000) + smuggled)
    expect((await client.untilClosed()).toString()).toBe('')
    expect(upstream.received.map(({ url }) => url)).not.toContain('/smuggled')
  })
})

describe('H29 body limit', () => {
  it.each([
    ['declared', message('POST / HTTP/1.1', ['Content-Length: 1025'], 'x'.repeat(1025))],
    [
      'in one chunk',
      message('POST / HTTP/1.1', ['Transfer-Encoding: chunked'], `401\r\n${'x'.repeat(1025)}\r\n0\r\n\r\n`),
    ],
    [
      'in many chunks',
      message('POST / HTTP/1.1', ['Transfer-Encoding: chunked'], `${'1\r\nx\r\n'.repeat(1025)}0\r\n\r\n`),
    ],
    ['in a chunk that is only announced', message('POST / HTTP/1.1', ['Content-Length: 99999999'])],
  ])('a body too large, %s, is answered 413 before an upstream is told', async (_what, bytes) => {
    const answer = await sendHostile(relay, bytes)
    expect([answer.status, problemOf(answer).code]).toEqual([413, 'body_too_large'])
  })

  it('takes a body of exactly the limit', async () => {
    expect((await client.send(post('/limit', 'x'.repeat(1024))).response()).status).toBe(200)
  })

  it('takes no more than a little of chunk extensions', async () => {
    const bytes = message(
      'POST / HTTP/1.1',
      ['Transfer-Encoding: chunked'],
      `1;${'e'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`,
    )
    expect((await sendHostile(relay, bytes)).status).toBe(413)
  })
})

describe('H32 one request, one attempt', () => {
  it('whatever the packets it came in', async () => {
    const before = relay.observer.legs.length
    const bytes = post('/a', 'hello') + get('/b') + post('/c', smuggled)
    for (const byte of Buffer.from(bytes, 'latin1')) client.send(Buffer.of(byte))
    for (const path of ['/a', '/b', '/c']) expect((await client.response()).body.toString()).toBe(path)
    expect(upstream.received.find(({ url }) => url === '/c')?.body.toString()).toBe(smuggled)
    await eventually(() => expect(relay.observer.legs).toHaveLength(before + 3))
  })
})

describe('H18 CONNECT', () => {
  it('from a caller that resets does no harm', async () => {
    for (let i = 0; i < 20; i++) {
      const caller = await RawClient.connect(relay.port)
      // The answer to the first is under way while the second waits, and has nobody left to go to.
      if (i % 2) caller.send(get('/held/1'))
      caller.send(message('CONNECT a:1 HTTP/1.1') + 'x'.repeat(10_000))
      if (i % 2) await eventually(() => expect(held).toHaveLength(1))
      else await caller.response()
      caller.socket.resetAndDestroy()
      for (const release of held.splice(0)) release()
    }
    expect((await exchangeRaw(relay.port, get('/alive'))).status).toBe(200)
  })
})

describe('H30 slow callers', () => {
  let server: Server
  let port: number

  beforeAll(async () => {
    server = dataServer({
      handle: (_request, response) => response.end(),
      state: () => 'ready',
      unmatched: recorder().unmatched,
      headersTimeoutMs: 150,
      checkIntervalMs: 30,
      keepAliveTimeoutMs: 150,
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => server.close())

  it.each(['GET / HTTP/1.1\r\nHost: a\r\n', 'G', ''])(
    'that do not finish their head %j are answered 408',
    async start => {
      const slow = await RawClient.connect(port)
      const answer = await slow.send(start).response()
      expect([answer.status, problemOf(answer).code]).toEqual([408, 'request_timeout'])
      slow.socket.end()
      await slow.untilClosed()
    },
  )

  it('that send a byte now and then are answered 408 all the same', async () => {
    const slow = await RawClient.connect(port)
    const drip = setInterval(() => slow.send('a'), 20)
    slow.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: ')
    const answer = await slow.response()
    clearInterval(drip)
    expect(answer.status).toBe(408)
    slow.close()
  })

  it('that keep an idle connection lose it', async () => {
    const idle = await RawClient.connect(port)
    expect((await idle.send(get('/')).response()).status).toBe(200)
    await idle.untilClosed()
  })
})
