import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw } from '../support/raw-client.ts'
import type { TestRelay } from '../support/relay.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { message, problemOf, relayTo, type ScriptedUpstream, startScripted, valuesOf } from './harness.ts'

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

const answerTo = async (reply: string, method = 'GET') => {
  scripted.answer(reply)
  return exchangeRaw(toScripted.port, message(`${method} / HTTP/1.1`), method)
}

describe('H9 trailers', () => {
  it('of the caller are dropped and never become fields', async () => {
    const trailers = 'X-Sum: 1\r\nHost: evil\r\nAuthorization: Basic eDp5\r\n'
    const bytes = message(
      'POST / HTTP/1.1',
      ['Transfer-Encoding: chunked', 'Trailer: X-Sum', 'TE: trailers'],
      `5\r\nhello\r\n0\r\n${trailers}\r\n`,
    )
    expect((await exchangeRaw(relay.port, bytes)).status).toBe(200)
    const received = upstream.received.at(-1)!
    expect(received.body.toString()).toBe('hello')
    expect(received.rawHeaders.join('\n')).not.toMatch(/x-sum|evil|authorization|trailer/i)
  })

  it('of the upstream are dropped and never become fields', async () => {
    const answer = await answerTo(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n',
    )
    expect([answer.body.toString(), answer.complete, answer.rest.length]).toEqual(['hi', true, 0])
    expect(answer.headers.flat().join('\n')).not.toMatch(/x-sum|set-cookie|trailer/i)
  })
})

describe('H11 answers without a body', () => {
  it('HEAD keeps the length and has no body', async () => {
    const answer = await answerTo('HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n', 'HEAD')
    expect([answer.status, answer.header('content-length')]).toEqual([200, '2000'])
    expect(answer.rest).toHaveLength(0)
  })

  it.each(['Transfer-Encoding: chunked', 'X-None: 1'])(
    'HEAD answered with %s gets no length',
    async field => {
      const answer = await answerTo(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`, 'HEAD')
      expect([answer.status, answer.header('content-length'), answer.rest.length]).toEqual([
        200,
        undefined,
        0,
      ])
    },
  )

  it('HEAD that the relay refuses itself has no body', async () => {
    const answer = await exchangeRaw(relay.port, message('HEAD /a#b HTTP/1.1'), 'HEAD')
    expect([answer.status, answer.rest.length]).toEqual([400, 0])
  })

  it.each(['Content-Length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked'])(
    '204 with %s goes out without it',
    async field => {
      const answer = await answerTo(`HTTP/1.1 204 No Content\r\n${field}\r\n\r\n`)
      expect([answer.status, answer.rest.length]).toEqual([204, 0])
      expect([answer.header('content-length'), answer.header('transfer-encoding')]).toEqual([
        undefined,
        undefined,
      ])
    },
  )

  it('304 keeps the length of what was not sent', async () => {
    const answer = await answerTo('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: "a"\r\n\r\n')
    expect([answer.status, answer.header('content-length'), answer.header('etag')]).toEqual([304, '9', '"a"'])
    expect([answer.rest.length, answer.header('transfer-encoding')]).toEqual([0, undefined])
  })

  it('205 is empty', async () => {
    const answer = await answerTo('HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n')
    expect([answer.status, answer.body.length, answer.complete]).toEqual([205, 0, true])
  })
})

describe('H11 request bodies', () => {
  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'PROPFIND', 'QUERY'])(
    'of %s is sent on with its length',
    async method => {
      const bytes = message(`${method} /body HTTP/1.1`, ['Content-Length: 5'], 'hello')
      expect((await exchangeRaw(relay.port, bytes, method)).status).toBe(200)
      const { body, rawHeaders, ...received } = upstream.received.at(-1)!
      expect([received.method, body.toString()]).toEqual([method, 'hello'])
      expect(valuesOf(rawHeaders, 'content-length')).toEqual(['5'])
      expect(valuesOf(rawHeaders, 'transfer-encoding')).toEqual([])
    },
  )

  it.each(['GET', 'DELETE', 'POST'])('of %s in chunks is sent on whole, with one framing', async method => {
    const bytes = message(
      `${method} /body HTTP/1.1`,
      ['Transfer-Encoding: Chunked'],
      '2;ext=1\r\nhe\r\n003\r\nllo\r\n0\r\n\r\n',
    )
    expect((await exchangeRaw(relay.port, bytes)).status).toBe(200)
    const { body, rawHeaders } = upstream.received.at(-1)!
    expect(body.toString()).toBe('hello')
    const framing = [...valuesOf(rawHeaders, 'content-length'), ...valuesOf(rawHeaders, 'transfer-encoding')]
    expect(framing).toEqual(['5'])
  })

  it('that are empty stay empty', async () => {
    for (const fields of [['Content-Length: 0'], [], ['Transfer-Encoding: chunked']]) {
      const body = fields[0]?.endsWith('chunked') ? '0\r\n\r\n' : ''
      expect((await exchangeRaw(relay.port, message('POST / HTTP/1.1', fields, body))).status).toBe(200)
      expect(upstream.received.at(-1)?.body).toHaveLength(0)
      expect(valuesOf(upstream.received.at(-1)!.rawHeaders, 'content-length')).toEqual(['0'])
    }
  })
})

describe('H16 H17 H18 methods that end at the relay', () => {
  it('OPTIONS * is about the relay, which answers it', async () => {
    const answer = await exchangeRaw(relay.port, message('OPTIONS * HTTP/1.1'))
    expect([answer.status, answer.header('allow')]).toEqual([204, expect.stringContaining('OPTIONS')])
  })

  it('OPTIONS with Max-Forwards is answered at 0 and counted down otherwise', async () => {
    const before = upstream.received.length
    const last = await exchangeRaw(relay.port, message('OPTIONS /a HTTP/1.1', ['Max-Forwards: 0']))
    expect([last.status, last.header('allow')]).toEqual([204, expect.stringContaining('OPTIONS')])
    expect(upstream.received).toHaveLength(before)
    await exchangeRaw(relay.port, message('OPTIONS /a HTTP/1.1', ['Max-Forwards: 10']))
    expect(upstream.received.at(-1)?.header('max-forwards')).toBe('9')
    await exchangeRaw(relay.port, message('GET /a HTTP/1.1', ['Max-Forwards: 10']))
    expect(upstream.received.at(-1)?.header('max-forwards')).toBe('10')
  })

  it('TRACE is refused, as it would echo credentials', async () => {
    const before = upstream.received.length
    const answer = await exchangeRaw(relay.port, message('TRACE / HTTP/1.1', ['Authorization: Basic eDp5']))
    expect([answer.status, answer.header('allow')]).toEqual([405, expect.not.stringContaining('TRACE')])
    expect(answer.body.toString()).not.toContain('eDp5')
    expect(upstream.received).toHaveLength(before)
  })

  it('CONNECT gets a real answer and no tunnel', async () => {
    const answer = await exchangeRaw(relay.port, message('CONNECT a.example:443 HTTP/1.1'))
    expect([answer.status, problemOf(answer).code]).toEqual([405, 'method_not_allowed'])
    expect(answer.header('allow')).toContain('GET')
  })
})

describe('H26 nothing is invented', () => {
  it('a request gets Host, Connection, X-Request-Id and Via, and nothing else', async () => {
    await exchangeRaw(relay.port, message('GET /bare HTTP/1.1'))
    const names = upstream.received.at(-1)!.rawHeaders.filter((_, i) => i % 2 === 0)
    expect(names).toEqual(['host', 'connection', 'x-request-id', 'via'])
  })

  it('an answer gets no Content-Type, Content-Encoding or Server', async () => {
    const answer = await answerTo('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    const names = answer.headers.map(([name]) => name.toLowerCase())
    expect(
      names.filter(name => /^(content-(?!length)|server$|x-powered|etag|cache|vary)/.test(name)),
    ).toEqual([])
  })

  it.each(['Content-Length', 'Transfer-Encoding'])(
    'bytes pass unchanged and still coded, framed by %s',
    async framing => {
      const body = gzipSync(randomBytes(200_000).toString('base64'))
      const chunked = framing === 'Transfer-Encoding'
      const sent = chunked
        ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
        : body
      const length = chunked ? 'chunked' : body.length
      const fields = [`${framing}: ${length}`, 'Content-Encoding: gzip', 'Content-Type: text/plain']
      scripted.answer(socket => {
        socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n`), sent]))
      })
      const down = await exchangeRaw(toScripted.port, message('GET / HTTP/1.1'))
      expect(sha256(down.body)).toBe(sha256(body))
      expect(down.header('content-encoding')).toBe('gzip')

      await exchangeRaw(relay.port, Buffer.concat([Buffer.from(message('PUT / HTTP/1.1', fields)), sent]))
      expect(sha256(upstream.received.at(-1)!.body)).toBe(sha256(body))
      expect(upstream.received.at(-1)?.header('content-encoding')).toBe('gzip')
    },
  )
})

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
