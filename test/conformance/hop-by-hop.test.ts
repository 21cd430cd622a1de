import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw } from '../support/raw-client.ts'
import type { TestRelay } from '../support/relay.ts'
import type { Received } from '../support/upstream.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import {
  message,
  problemOf,
  relayTo,
  type ScriptedUpstream,
  sendHostile,
  startScripted,
  valuesOf,
} from './harness.ts'

let upstream: Upstream
let relay: TestRelay
let scripted: ScriptedUpstream
let toScripted: TestRelay

beforeAll(async () => {
  upstream = await startUpstream()
  relay = await relayTo(upstream.url)
  scripted = await startScripted()
  toScripted = await relayTo(scripted.url)
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
  await toScripted.close()
  await scripted.close()
})

const receivedFor = async (...fields: string[]): Promise<Received> => {
  const answer = await exchangeRaw(relay.port, message('GET / HTTP/1.1', fields))
  expect(answer.status).toBe(200)
  return upstream.received.at(-1)!
}

describe('H1 fields of the caller’s connection stay there', () => {
  it.each([
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eDp5',
    'TE: trailers',
    'Trailer: X-Sum',
    'Upgrade: websocket',
    'HTTP2-Settings: AAMAAABk',
    'Expect: 100-continue',
    'X-FanOut-Role: shadow',
  ])('%s is not sent on', async field => {
    const name = field.split(':')[0]!.toLowerCase()
    const { rawHeaders } = await receivedFor(field)
    expect(valuesOf(rawHeaders, name)).toEqual([])
    expect(valuesOf((await receivedFor(field.toUpperCase())).rawHeaders, name)).toEqual([])
  })

  it('Connection is not sent on, nor is what it names, in any case and number', async () => {
    const { rawHeaders } = await receivedFor(
      'Connection: close, X-One ,x-TWO,,',
      'X-One: 1',
      'x-two: 2',
      'Connection: X-Three',
      'X-THREE: 3',
      'X-Four: 4',
    )
    expect(valuesOf(rawHeaders, 'x-one')).toEqual([])
    expect(valuesOf(rawHeaders, 'x-two')).toEqual([])
    expect(valuesOf(rawHeaders, 'x-three')).toEqual([])
    expect(valuesOf(rawHeaders, 'x-four')).toEqual(['4'])
    expect(valuesOf(rawHeaders, 'connection')).toEqual(['keep-alive'])
  })
})

describe('H2 fields of the upstream’s connection stay there', () => {
  it('and so does what the upstream’s Connection names', async () => {
    scripted.answer(
      `HTTP/1.1 200 OK\r\n${[
        'Connection: keep-alive, X-Priv ,x-OTHER',
        'Connection: X-Third',
        'X-Priv: 1',
        'X-Other: 2',
        'x-third: 3',
        'X-Kept: 4',
        'Keep-Alive: timeout=77',
        'Proxy-Connection: keep-alive',
        'Proxy-Authenticate: Basic',
        'TE: gzip',
        'Trailer: X-Sum',
        'Upgrade: h2c',
        'Content-Length: 2',
      ].join('\r\n')}\r\n\r\nhi`,
    )
    const answer = await exchangeRaw(toScripted.port, message('GET / HTTP/1.1'))
    expect([answer.status, answer.body.toString(), answer.header('x-kept')]).toEqual([200, 'hi', '4'])
    const gone = [
      'x-priv',
      'x-other',
      'x-third',
      'proxy-connection',
      'proxy-authenticate',
      'te',
      'trailer',
      'upgrade',
    ]
    expect(gone.filter(name => answer.header(name) !== undefined)).toEqual([])
    expect(answer.all('connection')).toEqual(['keep-alive'])
    expect(answer.header('keep-alive')).not.toContain('77')
  })

  it('but the length cannot be named away', async () => {
    scripted.answer('HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nhi')
    const answer = await exchangeRaw(toScripted.port, message('GET / HTTP/1.1'))
    expect([answer.header('content-length'), answer.body.toString()]).toEqual(['2', 'hi'])
  })

  it('an upstream that closes does not close the caller’s connection', async () => {
    scripted.answer(socket => {
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi')
    })
    const answer = await exchangeRaw(toScripted.port, message('GET / HTTP/1.1'))
    expect(answer.header('connection')).toBe('keep-alive')
  })
})

describe('H3 Connection', () => {
  it.each([
    'Host',
    'Content-Length',
    'Authorization',
    'Cookie',
    'Via',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Request-Id',
    'Traceparent',
    'Tracestate',
  ])('must not name %s', async name => {
    const bytes = message('POST / HTTP/1.1', [`Connection: close, ${name}`, 'Content-Length: 5'], 'hello')
    const answer = await sendHostile(relay, bytes)
    expect(answer.status).toBe(400)
    expect(problemOf(answer).detail).toContain(name.toLowerCase())
  })
})

describe('H14 Via', () => {
  it('is added to the request with the caller’s version, after what was there', async () => {
    expect(valuesOf((await receivedFor()).rawHeaders, 'via')).toEqual([`1.1 ${relay.pseudonym}`])
    expect(valuesOf((await receivedFor('Via: 1.0 a, 2 b', 'Via: 1.1 c')).rawHeaders, 'via')).toEqual([
      `1.0 a, 2 b, 1.1 c, 1.1 ${relay.pseudonym}`,
    ])
    await exchangeRaw(relay.port, message('GET / HTTP/1.0'))
    expect(valuesOf(upstream.received.at(-1)!.rawHeaders, 'via')).toEqual([`1.0 ${relay.pseudonym}`])
  })

  it('is added to the answer, after what was there', async () => {
    scripted.answer('HTTP/1.1 200 OK\r\nVia: 1.1 origin\r\nContent-Length: 0\r\n\r\n')
    const answer = await exchangeRaw(toScripted.port, message('GET / HTTP/1.1'))
    expect(answer.all('via')).toEqual(['1.1 origin', `1.1 ${toScripted.pseudonym}`])
  })

  it('with the relay’s own name in it means a loop: 508', async () => {
    const before = upstream.received.length
    const answer = await exchangeRaw(
      relay.port,
      message('GET / HTTP/1.1', [`Via: 1.1 a, 1.1 ${relay.pseudonym}`]),
    )
    expect([answer.status, problemOf(answer).code]).toEqual([508, 'loop_detected'])
    expect(answer.header('proxy-status')).toBe('fanout-relay; error=proxy_loop_detected')
    expect(upstream.received).toHaveLength(before)
  })

  it('stops a route that leads back to the relay after one turn', async () => {
    const looped = await relayTo(upstream.url)
    looped.load({ all: { upstreams: [{ name: 'self', url: looped.url }] } })
    const answer = await exchangeRaw(looped.port, message('GET / HTTP/1.1'))
    expect([answer.status, problemOf(answer).code]).toEqual([508, 'loop_detected'])
    await looped.close()
  })
})

describe('H15 Forwarded and X-Forwarded-*', () => {
  it('pass as they came; the relay adds none', async () => {
    const fields = ['Forwarded: for=1.2.3.4', 'X-Forwarded-For: 1.2.3.4', 'X-Forwarded-Host: shop']
    const { rawHeaders } = await receivedFor(...fields)
    expect(valuesOf(rawHeaders, 'forwarded')).toEqual(['for=1.2.3.4'])
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual(['1.2.3.4'])
    expect(valuesOf(rawHeaders, 'x-forwarded-host')).toEqual(['shop'])
    expect((await receivedFor()).rawHeaders.join()).not.toMatch(/forwarded/i)
  })
})

describe('H19 Upgrade', () => {
  it.each(['websocket', 'h2c', 'TLS/1.0', 'foo'])(
    'to %s is ignored and the request relayed',
    async protocol => {
      const bytes = message(
        'POST / HTTP/1.1',
        [
          'Connection: Upgrade, HTTP2-Settings',
          `Upgrade: ${protocol}`,
          'HTTP2-Settings: AA',
          'Content-Length: 5',
        ],
        'hello',
      )
      const answer = await exchangeRaw(relay.port, bytes)
      expect(answer.status).toBe(200)
      const received = upstream.received.at(-1)!
      expect(received.body.toString()).toBe('hello')
      expect(received.rawHeaders.join('\n')).not.toMatch(/upgrade|http2/i)
    },
  )
})
