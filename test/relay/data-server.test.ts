import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { ExchangeSummary } from '../../src/core/observer.ts'
import { dataServer } from '../../src/relay/data-server.ts'
import { message } from '../conformance/harness.ts'
import { json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { exchangeRaw, RawClient } from '../support/raw-client.ts'
import { recorder } from '../support/recorder.ts'

const open = closing()

interface Options {
  readonly draining?: boolean
  /** Outcomes that have a line. */
  readonly wants?: (outcome: string) => boolean
  readonly answer?: (response: ServerResponse) => void
}

/** The server without routes: whatever it hands on is answered `served`. */
const start = async ({ draining = false, wants = () => true, answer }: Options = {}) => {
  const lines: ExchangeSummary[] = []
  const spans: { method: string; path: string | undefined; ended: unknown[] }[] = []
  const observer = recorder()
  let ids = 0
  const server = dataServer({
    handle: (_request, response) => (answer ? answer(response) : void response.end('served')),
    state: () => (draining ? 'draining' : 'ready'),
    unmatched: observer.unmatched,
    accessLog: {
      wants,
      wantsLeg: () => false,
      exchange: line => lines.push(line),
      lateLeg: () => {},
    },
    tracing: {
      fields: [],
      request: (method, _route, _headers, path) => {
        const span = { method, path, ended: [] as unknown[] }
        spans.push(span)
        return {
          traceparent: 'of the span',
          attempt: () => ({ headers: [], end: () => {} }),
          end: (...end) => span.ended.push(end),
        }
      },
    },
    nextRequestId: () => `made-${++ids}`,
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open({ close: () => server.close() })
  open({ close: () => server.closeAllConnections() })
  const { port } = server.address() as AddressInfo
  return { port, lines, observer, spans }
}

const secret = 'X-Request-Id: mine-1'

describe('an expectation beside 100-continue', () => {
  const expecting = (value: string, more: readonly string[] = []) =>
    message('POST /a/b?secret=1 HTTP/1.1', [`Expect: ${value}`, 'Content-Length: 5', ...more], 'hello')

  test.each(['foo', '100-Continue, foo', 'foo, 100-continue', '100-continue;a=b', '100-continue=1', ''])(
    '%j is refused like any other request: id, error, metric, line, span',
    async value => {
      const { port, observer, lines, spans } = await start()
      const answer = await exchangeRaw(port, expecting(value, [secret]))
      expect([answer.status, answer.header('connection')]).toEqual([417, 'close'])
      expect(answer.header('x-request-id')).toBe('mine-1')
      expect(answer.header('proxy-status')).toBe('fanout-relay; error=http_request_error')
      expect(json(answer)).toMatchObject({ code: 'expectation_failed', status: 417, requestId: 'mine-1' })
      const booked = { method: 'POST', status: 417, outcome: 'rejected', route: '' }
      expect(observer.exchanges).toEqual([booked])
      expect(lines).toMatchObject([
        { ...booked, path: '/a/b', requestId: 'mine-1', code: 'expectation_failed', legs: [] },
      ])
      expect(spans).toEqual([{ method: 'POST', path: '/a/b', ended: [[417, 'rejected']] }])
      expect(observer.inFlight.requests).toBe(0)
    },
  )

  test('in a second line is seen as well', async () => {
    const { port } = await start()
    const answer = await exchangeRaw(port, expecting('100-continue', ['Expect: foo']))
    expect([answer.status, answer.header('x-request-id')]).toEqual([417, 'made-1'])
  })

  test.each(['100-continue', '100-CONTINUE', '100-continue, 100-Continue'])(
    '%j is met in whatever case',
    async value => {
      const { port, observer } = await start()
      expect((await exchangeRaw(port, expecting(value))).status).toBe(200)
      expect(observer.exchanges).toEqual([])
    },
  )

  test('is over when it is answered, though its body is still awaited', async () => {
    const { port, observer } = await start()
    const client = open(await RawClient.connect(port))
    client.send(message('POST / HTTP/1.1', ['Expect: foo', 'Content-Length: 5']))
    expect((await client.response()).status).toBe(417)
    expect(client.closed).toBe(false)
    expect(observer.exchanges).toMatchObject([{ status: 417 }])
  })

  test('behind a request that ends the connection is not answered', async () => {
    const { port, observer } = await start()
    const client = open(await RawClient.connect(port))
    client.send(expecting('foo') + expecting('foo'))
    expect((await client.response()).status).toBe(417)
    expect((await client.untilClosed()).toString()).toBe('')
    expect(observer.exchanges).toHaveLength(1)
  })
})

describe('OPTIONS that asks the relay itself', () => {
  test.each([
    ['*', message('OPTIONS * HTTP/1.1', [secret]), '*'],
    ['Max-Forwards: 0', message('OPTIONS /a?secret=1 HTTP/1.1', ['Max-Forwards: 0', secret]), '/a'],
  ])('is a request that succeeded, with its id: %s', async (_what, bytes, path) => {
    const { port, observer, lines, spans } = await start()
    const answer = await exchangeRaw(port, bytes, 'OPTIONS')
    expect([answer.status, answer.header('x-request-id')]).toEqual([204, 'mine-1'])
    expect(answer.header('allow')).toContain('OPTIONS')
    expect(answer.header('connection')).not.toBe('close')
    const booked = { method: 'OPTIONS', status: 204, outcome: 'success', route: '' }
    await eventually(() => expect(observer.exchanges).toEqual([booked]))
    expect(lines).toMatchObject([{ ...booked, path, requestId: 'mine-1' }])
    expect(spans).toEqual([{ method: 'OPTIONS', path, ended: [[204, 'success']] }])
  })

  test('ends its connection once the relay is to stop', async () => {
    const { port } = await start({ draining: true })
    const answer = await exchangeRaw(port, message('OPTIONS * HTTP/1.1'), 'OPTIONS')
    expect([answer.header('connection'), answer.header('x-request-id')]).toEqual(['close', 'made-1'])
  })
})

describe('what cannot be parsed', () => {
  const rubbish = 'GA RB\r\n\r\n'

  test.each([
    ['rubbish', rubbish, 400, 'bad_request'],
    ['a space before the colon', message('GET / HTTP/1.1', ['A : b']), 400, 'bad_request'],
    ['too large a head', message('GET / HTTP/1.1', [`A: ${'a'.repeat(20_000)}`]), 431, 'headers_too_large'],
    [
      'two framings',
      message('POST / HTTP/1.1', ['Content-Length: 1', 'Transfer-Encoding: chunked']),
      400,
      'bad_request',
    ],
    [
      'another coding',
      message('POST / HTTP/1.1', ['Transfer-Encoding: chunked, gzip']),
      501,
      'not_implemented',
    ],
  ])('is rejected, and its line has the id of the answer: %s', async (_what, bytes, status, code) => {
    const { port, observer, lines, spans } = await start()
    const answer = await exchangeRaw(port, bytes)
    expect(answer.status).toBe(status)
    expect(observer.exchanges).toEqual([{ route: '', method: '', status, outcome: 'rejected' }])
    const requestId = answer.header('x-request-id')
    expect(json(answer).requestId).toBe(requestId)
    expect(lines).toMatchObject([{ requestId, status, code, outcome: 'rejected', method: '', path: '' }])
    expect(spans).toEqual([])
  })

  test('has one line, however much of it comes', async () => {
    const { port, lines } = await start()
    const client = open(await RawClient.connect(port))
    client.send(rubbish)
    await client.response()
    client.send(rubbish.repeat(1_000))
    client.socket.end()
    await client.untilClosed()
    expect(lines).toHaveLength(1)
  })

  test('has no line where lines for refusals are not wanted', async () => {
    const { port, observer, lines } = await start({ wants: outcome => outcome !== 'rejected' })
    await exchangeRaw(port, rubbish)
    await exchangeRaw(port, message('GET / HTTP/1.1', ['Expect: foo']))
    expect(observer.exchanges).toHaveLength(2)
    expect(lines).toEqual([])
  })

  test('CONNECT is known by its method and the id it brought', async () => {
    const { port, observer, lines, spans } = await start()
    const trace = 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const answer = await exchangeRaw(port, message('CONNECT a:1 HTTP/1.1', [secret, trace]))
    expect([answer.status, answer.header('x-request-id')]).toEqual([405, 'mine-1'])
    expect(observer.exchanges).toEqual([{ route: '', method: 'CONNECT', status: 405, outcome: 'rejected' }])
    expect(lines).toMatchObject([
      { method: 'CONNECT', path: '', requestId: 'mine-1', code: 'method_not_allowed' },
    ])
    expect(spans).toEqual([{ method: 'CONNECT', path: undefined, ended: [[405, 'rejected']] }])
  })

  test('behind a request under way is in the books once it is answered', async () => {
    const held = gate()
    const { port, observer } = await start({
      answer: response => void held.passed.then(() => response.end()),
    })
    const client = open(await RawClient.connect(port))
    client.send(message('GET / HTTP/1.1') + rubbish)
    held.open()
    expect([(await client.response()).status, (await client.response()).status]).toEqual([200, 400])
    expect(observer.exchanges).toMatchObject([{ status: 400, outcome: 'rejected' }])
  })

  test('behind an answer that ends the connection is neither answered nor counted', async () => {
    const { port, observer } = await start({
      answer: response => response.writeHead(200, ['Connection', 'close']).end(),
    })
    const client = open(await RawClient.connect(port))
    client.send(message('GET / HTTP/1.1') + rubbish)
    expect((await client.response()).status).toBe(200)
    expect((await client.untilClosed()).toString()).toBe('')
    expect(observer.exchanges).toEqual([])
  })
})
