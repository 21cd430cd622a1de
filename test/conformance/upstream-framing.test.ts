import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import type { TestRelay } from '../support/relay.ts'
import {
  expectNextIsFine,
  message,
  problemOf,
  relayTo,
  type ScriptedUpstream,
  startScripted,
} from './harness.ts'

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

const ok = (...lines: string[]): string => `HTTP/1.1 200 OK\r\n${lines.join('\r\n')}`
const chunked = (body: string): string => ok('Transfer-Encoding: chunked', '', body)
const get = message('GET / HTTP/1.1')

describe('H5 H7 H25 an upstream whose answer cannot be believed', () => {
  it.each([
    ['length and chunked', ok('Content-Length: 2', 'Transfer-Encoding: chunked', '', '2\r\nhi\r\n0\r\n\r\n')],
    ['chunked and length', ok('Transfer-Encoding: chunked', 'Content-Length: 2', '', '2\r\nhi\r\n0\r\n\r\n')],
    ['two different lengths', ok('Content-Length: 2', 'Content-Length: 3', '', 'hi')],
    ['two equal lengths', ok('Content-Length: 2', 'Content-Length: 2', '', 'hi')],
    ['a list of lengths', ok('Content-Length: 2, 2', '', 'hi')],
    ['a signed length', ok('Content-Length: +2', '', 'hi')],
    ['a negative length', ok('Content-Length: -2', '', 'hi')],
    ['a length beyond 2^64', ok('Content-Length: 99999999999999999999', '', 'hi')],
    ['gzip before chunked', ok('Transfer-Encoding: gzip, chunked', '', '2\r\nhi\r\n0\r\n\r\n')],
    ['chunked before gzip', ok('Transfer-Encoding: chunked, gzip', '', '2\r\nhi\r\n0\r\n\r\n')],
    ['gzip alone', ok('Transfer-Encoding: gzip', '', 'hi')],
    ['identity', ok('Transfer-Encoding: identity', '', 'hi')],
    ['an empty coding', ok('Transfer-Encoding:', '', 'hi')],
    ['chunked twice', ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '', '0\r\n\r\n')],
    ['no status', 'HTTP/1.1\r\n\r\n'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['status 000', 'HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n'],
    ['status 99', 'HTTP/1.1 99 X\r\nContent-Length: 0\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n'],
    ['status 1000', 'HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n'],
    ['another protocol', 'SMTP 220 hi\r\n\r\n'],
    ['a body without head, as HTTP/0.9', '<html>hello</html>\r\n'],
    ['bare LFs throughout', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['a bare LF as line end', ok('X-A: a\nContent-Length: 2', '', 'hi')],
    ['a bare CR in a value', ok('X-A: a\rSet-Cookie: b', 'Content-Length: 2', '', 'hi')],
    ['a NUL in a value', ok('X-A: a\0b', 'Content-Length: 2', '', 'hi')],
    ['a control character in a value', ok('X-A: a\x01b', 'Content-Length: 2', '', 'hi')],
    ['a DEL in a value', ok('X-A: a\x7fb', 'Content-Length: 2', '', 'hi')],
    ['a folded line', ok('X-A: a', ' b', 'Content-Length: 2', '', 'hi')],
    ['a space before the colon', ok('Content-Length : 2', '', 'hi')],
    ['an invalid field name', ok('X(A): 1', 'Content-Length: 2', '', 'hi')],
    ['a line without a colon', ok('X-A', 'Content-Length: 2', '', 'hi')],
    ['a head over 16 KiB', ok(`X-A: ${'a'.repeat(17 * 1024)}`, 'Content-Length: 2', '', 'hi')],
    [
      'ten thousand fields',
      ok(...Array.from({ length: 10_000 }, () => 'a:b'), 'Content-Length: 2', '', 'hi'),
    ],
  ])('is answered 502 and its connection destroyed: %s', async (_what, reply) => {
    upstream.answer(reply)
    const answer = await exchangeRaw(relay.port, get)
    expect([answer.status, problemOf(answer).code]).toEqual([502, 'http_protocol_error'])
    expect(answer.header('proxy-status')).toBe('fanout-relay; error=http_protocol_error')
    await eventually(() => expect(upstream.openSockets()).toBe(0))
    await expectNextIsFine(relay.port)
  })

  it.each([
    ['a chunk size of letters', chunked('zz\r\nhi\r\n0\r\n\r\n')],
    ['a chunk size in C notation', chunked('0x2\r\nhi\r\n0\r\n\r\n')],
    ['a second chunk that is none', chunked('2\r\nhi\r\nzz\r\n\r\n')],
    ['a chunk longer than its size', chunked('2\r\nhiXX\r\n0\r\n\r\n')],
    ['a chunk size that ends with a bare LF', chunked('2\nhi\r\n0\r\n\r\n')],
    ['a chunk size beyond 2^64', chunked('fffffffffffffffff\r\nhi\r\n0\r\n\r\n')],
    ['a trailer that changes the length', chunked('2\r\nhi\r\n0\r\nContent-Length: 9\r\n\r\n')],
  ])('never ends clean: %s', async (_what, reply) => {
    upstream.answer(reply)
    const answer = await exchangeRaw(relay.port, get)
    if (answer.status === 200) expect(answer.complete).toBe(false)
    else expect(answer.status).toBe(502)
    await eventually(() => expect(relay.observer.legs.at(-1)?.error).toBe('http_protocol_error'))
    await expectNextIsFine(relay.port)
  })

  it.each([
    ['a body shorter than its length', ok('Content-Length: 5', '', 'hi')],
    ['a chunk that was cut', chunked('5\r\nhi')],
    ['no last chunk', chunked('2\r\nhi\r\n')],
    [
      'no last chunk, announcing the end',
      ok('Connection: close', 'Transfer-Encoding: chunked', '', '2\r\nhi\r\n'),
    ],
  ])('that is cut short never ends clean: %s', async (_what, reply) => {
    upstream.answer(socket => socket.end(reply))
    const answer = await exchangeRaw(relay.port, get)
    expect([answer.status, answer.complete]).toEqual([200, false])
    await eventually(() => expect(relay.observer.legs.at(-1)?.error).toBe('http_response_incomplete'))
    await expectNextIsFine(relay.port)
  })

  it('that closes without a word is answered 502', async () => {
    upstream.answer(socket => socket.end())
    const answer = await exchangeRaw(relay.port, get)
    expect([answer.status, problemOf(answer).code]).toEqual([502, 'connection_terminated'])
    await expectNextIsFine(relay.port)
  })

  it('leaves nothing behind', async () => {
    await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
    expect([relay.budget.inFlight, relay.budget.bufferedBytes]).toEqual([0, 0])
    expect(relay.observer.defects).toEqual([])
  })
})

describe('H25 statuses', () => {
  it.each([200, 201, 206, 226, 299, 300, 301, 302, 307, 308, 399, 400, 401, 404, 418, 429, 451, 499])(
    '%i passes as it is',
    passes,
  )
  it.each([500, 501, 502, 503, 504, 511, 599, 600, 777, 999])('%i passes as it is', passes)

  async function passes(status: number): Promise<void> {
    upstream.answer(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nhi`)
    const answer = await exchangeRaw(relay.port, get)
    expect([answer.status, answer.body.toString(), answer.header('x-a')]).toEqual([status, 'hi', '1'])
    expect(answer.header('proxy-status')).toBeUndefined()
  }

  it('H24: a reason phrase is not needed', async () => {
    for (const line of ['HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.1 200 \xe9t\xe9']) {
      upstream.answer(`${line}\r\nContent-Length: 2\r\n\r\nhi`)
      expect((await exchangeRaw(relay.port, get)).status).toBe(200)
    }
  })

  it('redirects are passed on and never followed', async () => {
    const before = upstream.received.join('').split('GET /').length
    for (const location of [
      'http://169.254.169.254/latest',
      `${upstream.url}/next`,
      '//evil.example',
      '/next',
    ]) {
      upstream.answer(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
      const answer = await exchangeRaw(relay.port, get)
      expect([answer.status, answer.header('location')]).toEqual([302, location])
    }
    expect(upstream.received.join('').split('GET /').length).toBe(before + 4)
  })
})

describe('H33 bytes that nobody asked for', () => {
  const stray = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'

  it('in the packet of an answer never become the next answer', async () => {
    upstream.answer(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi${stray}`)
    expect((await exchangeRaw(relay.port, get)).body.toString()).toBe('hi')
    await expectNextIsFine(relay.port)
  })

  it('on an idle connection never become the next answer', async () => {
    let stayed: Socket | undefined
    upstream.answer(socket => {
      stayed = socket
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    })
    for (let i = 0; i < 20; i++) {
      expect((await exchangeRaw(relay.port, get)).body.toString()).toBe('hi')
      stayed!.write(stray)
      await eventually(() => expect(stayed!.destroyed, 'the connection is given up').toBe(true))
      await expectNextIsFine(relay.port)
    }
  })

  it.each([204, 304])('behind a %i never become the next answer', async status => {
    upstream.answer(`HTTP/1.1 ${status} X\r\nContent-Length: ${stray.length}\r\n\r\n${stray}`)
    expect((await exchangeRaw(relay.port, get)).status).toBe(status)
    await expectNextIsFine(relay.port)
  })

  it('behind the head of an answer to HEAD never become the next answer', async () => {
    upstream.answer(`HTTP/1.1 200 OK\r\nContent-Length: ${stray.length}\r\n\r\n${stray}`)
    const answer = await exchangeRaw(relay.port, message('HEAD / HTTP/1.1'), 'HEAD')
    expect([answer.status, answer.rest.length]).toEqual([200, 0])
    await expectNextIsFine(relay.port)
  })
})
