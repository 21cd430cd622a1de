import type { Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { message, problemOf, relayTo, sendHostile } from '../conformance/harness.ts'
import { accessLines } from '../support/access-lines.ts'
import { json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startRawUpstream, startUpstream } from '../support/upstream.ts'

const close = closing()

const start = async (route: object = {}) => {
  const upstream = close(await startUpstream())
  return { upstream, relay: close(await relayTo(upstream.url, route)) }
}

/** Sends these bytes and, if told so, ends the connection behind them. */
const send = async ({ port }: TestRelay, bytes: string, { ends = false } = {}): Promise<RawClient> => {
  const client = close(await RawClient.connect(port))
  client.send(bytes)
  if (ends) client.socket.end()
  return client
}

/** What is in the books once nothing is under way. */
const booked = ({ observer }: TestRelay) =>
  eventually(() => {
    expect(observer.inFlight.requests).toBe(0)
    return observer.exchanges.map(({ route, status }) => [route, status])
  })

const chunked = (chunks: string, fields: readonly string[] = []) =>
  message('POST /x HTTP/1.1', ['Transfer-Encoding: chunked', ...fields], chunks)
const badChunk = '5\r\nhello\r\nzz\r\n'

describe('what cannot be parsed', () => {
  test.each([
    ['rubbish', 'GA RB AGE\r\n\r\n', 400, 'http_request_error'],
    [
      'too large a head',
      message('GET / HTTP/1.1', [`X-A: ${'a'.repeat(20_000)}`]),
      431,
      'http_request_error',
    ],
    [
      'an unknown coding before a length',
      message('POST / HTTP/1.1', ['Transfer-Encoding: gzip']),
      501,
      'http_request_error',
    ],
    ['CONNECT', message('CONNECT a:1 HTTP/1.1'), 405, 'http_request_error'],
    ['a bad chunk', chunked(badChunk), 400, 'http_request_error'],
    [
      'chunk extensions without end',
      chunked(`5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
      413,
      'body_too_large',
    ],
  ])(
    'is answered with the id and the error that every refusal has: %s',
    async (_what, bytes, status, error) => {
      const { relay } = await start()
      const answer = await (await send(relay, bytes)).response()
      expect([answer.status, answer.header('connection')]).toEqual([status, 'close'])
      expect(answer.header('proxy-status')).toBe(`fanout-relay; error=${error}`)
      expect(answer.header('x-request-id')).toMatch(/^[0-9a-z-]{16,}$/)
      expect(json(answer).requestId).toBe(answer.header('x-request-id'))
    },
  )

  test('has another id each time, unless the head could be read and brought one', async () => {
    const { relay } = await start()
    const idOf = async (bytes: string) => (await (await send(relay, bytes)).response()).header('x-request-id')
    expect(await idOf('GA RB\r\n\r\n')).not.toBe(await idOf('GA RB\r\n\r\n'))
    expect(await idOf(chunked(badChunk, ['X-Request-Id: mine-1']))).toBe('mine-1')
    expect(await idOf(chunked(badChunk, ['X-Request-Id: {}']))).not.toBe('{}')
  })
})

describe('H4 a length beside a transfer coding', () => {
  test.each([
    ['length first', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['coding first', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
    ['length first, another coding', ['Content-Length: 5', 'Transfer-Encoding: gzip']],
    ['coding first, another coding', ['Transfer-Encoding: gzip', 'Content-Length: 5']],
  ])('is 400, naming both, and ends the connection: %s', async (_what, fields) => {
    const { relay } = await start()
    const answer = await sendHostile(relay, message('POST / HTTP/1.1', fields, '0\r\n\r\n'))
    expect(answer.status).toBe(400)
    const { code, detail } = problemOf(answer)
    expect(code).toBe('bad_request')
    expect(detail).toMatch(/Content-Length.*Transfer-Encoding/)
  })
})

describe('every request is in the books once', () => {
  test.each([
    ['captured', {}],
    ['streamed', { limits: { maxBodySize: '4', onOversize: 'StreamAll' } }],
  ])('a body that breaks, %s: its route, with the answer it got', async (_what, route) => {
    const { relay } = await start(route)
    const client = await send(relay, chunked(badChunk))
    expect((await client.response()).status).toBe(400)
    await client.untilClosed()
    expect(await booked(relay)).toEqual([['default/all', 400]])
    await eventually(() => expect(relay.tables.inUse).toBe(0))
    expect(relay.observer.defects).toEqual([])
  })

  test('a body that breaks as an upstream answers what has come of it: the answer it got', async () => {
    const waiting = new Set<Socket>()
    const upstream = close(
      await startRawUpstream((socket, bytes) => void (bytes.includes('hello') && waiting.add(socket))),
    )
    const relay = close(
      await relayTo(upstream.url, { limits: { maxBodySize: '4', onOversize: 'StreamAll' } }),
    )
    const count = 5
    for (let i = 1; i <= count; i++) {
      const client = await send(relay, chunked('5\r\nhello\r\n'))
      await eventually(() => expect(waiting.size).toBe(i))
      client.send('zz\r\n')
      ;[...waiting].at(-1)!.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      // Whichever comes first, nothing of the other follows it.
      expect([200, 400]).toContain((await client.response()).status)
      expect((await client.untilClosed()).toString()).toBe('')
    }
    await booked(relay)
    const outcomes = { 200: 'success', 400: 'rejected' } as Record<number, string>
    for (const { status, outcome } of relay.observer.exchanges) expect(outcome).toBe(outcomes[status])
    expect(relay.observer.exchanges).toHaveLength(count)
    await eventually(() => expect(relay.tables.inUse).toBe(0))
    expect(relay.observer.defects).toEqual([])
  })

  test('a body that breaks: a line of the access log with the id of its answer', async () => {
    const { lines, accessLog } = accessLines()
    const upstream = close(await startUpstream())
    const specs = { all: { upstreams: [{ name: 'primary', url: upstream.url }] } }
    const relay = close(await startRelay(specs, { accessLog }))
    const requestId = (await (await send(relay, chunked(badChunk))).response()).header('x-request-id')
    await eventually(() =>
      expect(lines).toMatchObject([{ requestId, status: 400, outcome: 'rejected', code: 'bad_request' }]),
    )
  })

  test('a body that breaks on a path that only looks like one of the relay itself', async () => {
    const { relay } = await start()
    const fields = ['Transfer-Encoding: chunked', 'X-Request-Id: mine-1']
    const bytes = message('POST /x?next=/-/fanout/readyz HTTP/1.1', fields, badChunk)
    const answer = await (await send(relay, bytes)).response()
    expect([answer.status, answer.header('x-request-id')]).toEqual([400, 'mine-1'])
    expect(await booked(relay)).toEqual([['default/all', 400]])
  })

  test('a body that breaks behind an earlier request that is not answered yet', async () => {
    const held = gate()
    const upstream = close(
      await startUpstream((_received, response) => void held.passed.then(() => response.end('done'))),
    )
    const relay = close(await relayTo(upstream.url))
    const client = await send(relay, message('GET /first HTTP/1.1') + chunked(badChunk))
    await eventually(() => expect(upstream.received).toHaveLength(1))
    held.open()
    expect([(await client.response()).status, (await client.response()).status]).toEqual([200, 400])
    expect(await booked(relay)).toEqual([
      ['default/all', 200],
      ['default/all', 400],
    ])
  })

  test.each([
    ['with a length', message('POST /x HTTP/1.1', ['Content-Length: 10'], 'hello')],
    ['chunked', chunked('5\r\nhello\r\n')],
  ])('an upload that is given up: its route, unanswered: %s', async (_what, bytes) => {
    const { relay } = await start()
    const client = await send(relay, bytes, { ends: true })
    await client.untilClosed()
    expect(await booked(relay)).toEqual([['default/all', 0]])
  })

  test('a head that is given up is no request', async () => {
    const { relay } = await start()
    const client = await send(relay, 'GET / HTTP/1.1\r\nHos', { ends: true })
    expect((await client.untilClosed()).toString()).toBe('')
    // Behind a whole request: that is answered all the same.
    const second = await send(relay, `${requestBytes({ path: '/x' })}GET / HTT`, { ends: true })
    expect((await second.response()).status).toBe(200)
    await second.untilClosed()
    expect(await booked(relay)).toEqual([['default/all', 200]])
  })

  test('a body that breaks after its request was answered: once, and nothing more is said', async () => {
    const { relay } = await start({ matches: [{ path: { value: '/elsewhere' } }] })
    const client = await send(relay, chunked('5\r\nhello\r\n'))
    expect((await client.response()).status).toBe(404)
    expect((await client.send('zz\r\n').untilClosed()).toString()).toBe('')
    expect(await booked(relay)).toEqual([['', 404]])
  })

  test('rubbish: no route', async () => {
    const { relay } = await start()
    await (await send(relay, 'GA RB\r\n\r\n')).response()
    expect(await booked(relay)).toEqual([['', 400]])
  })
})

test('a body that breaks on a path of the relay itself is answered once, and nobody complains', async () => {
  const complaints = vi.spyOn(console, 'error')
  const { relay } = await start()
  const bytes = `POST /-/fanout/none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${badChunk}`
  for (let i = 0; i < 3; i++) {
    const client = await send(relay, bytes)
    // The page may have been on its way before the body broke.
    expect([400, 404]).toContain((await client.response()).status)
    expect((await client.untilClosed()).toString()).toBe('')
  }
  expect(complaints).not.toHaveBeenCalled()
})
