import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { exchangeRaw, RawClient } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startHeldUpstream, startUpstream, type Upstream } from '../support/upstream.ts'
import {
  expectNextIsFine,
  message,
  problemOf,
  relayTo,
  type ScriptedUpstream,
  sendHostile,
  startScripted,
} from './harness.ts'

const expecting = (path: string, ...fields: string[]): string =>
  message(`POST ${path} HTTP/1.1`, ['Expect: 100-continue', ...fields])

describe('H8 Expect: 100-continue', () => {
  let upstream: Upstream
  let relay: TestRelay
  let client: RawClient

  beforeAll(async () => {
    upstream = await startUpstream()
    const upstreams = [{ name: 'a', url: upstream.url }]
    relay = await startRelay(
      {
        small: {
          matches: [{ path: { value: '/small' } }],
          limits: { maxBodySize: '10' },
          upstreams,
        },
        huge: { matches: [{ path: { value: '/huge' } }], limits: { maxBodySize: '1Mi' }, upstreams },
      },
      { maxBufferedBytes: 64 * 1024 },
    )
  })
  afterAll(async () => {
    await relay.close()
    await upstream.close()
  })
  beforeEach(async () => {
    client = await RawClient.connect(relay.port)
  })
  afterEach(() => client.close())

  it('is answered 100 before the body is read, and then the body is relayed', async () => {
    client.send(expecting('/small', 'Content-Length: 5'))
    const interim = await client.response({ interim: true })
    expect(interim.status).toBe(100)
    const answer = await client.send('hello').response()
    expect(answer.status).toBe(200)
    expect(upstream.received.at(-1)?.body.toString()).toBe('hello')
    expect(upstream.received.at(-1)?.header('expect')).toBeUndefined()
  })

  it.each([
    ['413 for a declared body over the limit', '/small', ['Content-Length: 11'], 413],
    ['413 when no memory would ever do for it', '/huge', ['Content-Length: 100000'], 413],
    ['404 without a route', '/none', ['Content-Length: 5'], 404],
    ['400 for a bad head', '/small', ['Content-Length: 5', 'Host: second'], 400],
  ] as const)('is answered %s at once, without a 100', async (_what, path, fields, status) => {
    client.send(expecting(path, ...fields))
    const first = await client.response({ interim: true })
    expect(first.status).toBe(status)
    expect(first.header('connection')).toBe('close')
  })

  it('is not answered in HTTP/1.0', async () => {
    client.send(message('POST /small HTTP/1.0', ['Expect: 100-continue', 'Content-Length: 5'], 'hello'))
    expect((await client.response({ interim: true })).status).toBe(200)
  })

  it('H10: any other expectation is answered 417, and its body is not taken for a request', async () => {
    const bytes = message('POST /small HTTP/1.1', ['Expect: the-unexpected', 'Content-Length: 5'], 'hello')
    const answer = await sendHostile(relay, bytes)
    expect([answer.status, problemOf(answer).code]).toEqual([417, 'expectation_failed'])
  })
})

describe('H8 interim answers of the upstream', () => {
  let upstream: ScriptedUpstream
  let relay: TestRelay

  beforeAll(async () => {
    upstream = await startScripted()
    relay = await relayTo(upstream.url)
  })
  afterAll(async () => {
    await relay.close()
    await upstream.close()
  })

  const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
  const hints = [
    'HTTP/1.1 103 Early Hints',
    'Link: </a.css>; rel=preload, </b.css>; rel=preload',
    'Link: <c>;odd',
    'X-Hint: caf\xe9',
    'Connection: X-Priv',
    'X-Priv: 1',
    'Content-Length: 5',
  ].join('\r\n')

  it('103 and 102 reach an HTTP/1.1 caller with their end-to-end fields, in order', async () => {
    upstream.answer(`HTTP/1.1 102 Processing\r\n\r\n${hints}\r\n\r\n${final}`)
    const client = await RawClient.connect(relay.port)
    client.send(message('GET / HTTP/1.1'))
    expect((await client.response({ interim: true })).status).toBe(102)
    const early = await client.response({ interim: true })
    expect(early.status).toBe(103)
    expect(early.headers).toEqual([
      ['Link', '</a.css>; rel=preload, </b.css>; rel=preload'],
      ['Link', '<c>;odd'],
      ['X-Hint', 'caf\xe9'],
    ])
    const answer = await client.response()
    expect([answer.status, answer.body.toString(), answer.header('link')]).toEqual([200, 'hi', undefined])
    client.close()
  })

  it('reach no HTTP/1.0 caller', async () => {
    upstream.answer(`${hints}\r\n\r\n${final}`)
    const client = await RawClient.connect(relay.port)
    const first = await client.send(message('GET / HTTP/1.0')).response({ interim: true })
    expect([first.status, first.body.toString()]).toEqual([200, 'hi'])
    client.close()
  })

  it('of a copy never reach the caller', async () => {
    const main = await startHeldUpstream()
    upstream.answer(`${hints}\r\n\r\n${final}`)
    const upstreams = [
      { name: 'main', url: main.url },
      { name: 'copy', role: 'Shadow', url: upstream.url },
    ]
    const copied = await startRelay({ r: { upstreams } })
    const client = await RawClient.connect(copied.port)
    client.send(message('GET / HTTP/1.1'))
    const held = await main.next()
    await eventually(() => expect(copied.observer.legs).toMatchObject([{ leg: 'copy', status: 200 }]))
    held.end('mine')
    expect((await client.response({ interim: true })).status).toBe(200)
    client.close()
    await copied.close()
    await main.close()
  })

  it('may be 64; one more is 502', async () => {
    upstream.answer('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(64) + final)
    expect((await exchangeRaw(relay.port, message('GET / HTTP/1.1'))).status).toBe(200)
    upstream.answer('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(65) + final)
    const answer = await exchangeRaw(relay.port, message('GET / HTTP/1.1'))
    expect([answer.status, problemOf(answer).code]).toEqual([502, 'http_protocol_error'])
    await expectNextIsFine(relay.port)
  })

  it.each([
    [
      '101 that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    ['101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${final}`],
  ])('%s is 502, and no tunnel is opened', async (_what, reply) => {
    upstream.answer(reply)
    const answer = await exchangeRaw(relay.port, message('GET / HTTP/1.1'))
    expect(answer.status).toBe(502)
    await expectNextIsFine(relay.port)
  })
})
