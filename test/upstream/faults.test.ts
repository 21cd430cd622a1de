import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { ask, json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startRelay } from '../support/relay.ts'
import { startRawUpstream, startUpstream, unusedPort } from '../support/upstream.ts'

const open = closing()

type Fault = () => Promise<string>
const scripted =
  (script: (socket: Socket) => void): Fault =>
  async () =>
    open(await startRawUpstream(script)).url
const says = (bytes: string): Fault => scripted(socket => socket.end(Buffer.from(bytes, 'latin1')))

const head = 'HTTP/1.1 200 OK\r\n'

const faults: readonly (readonly [what: string, fault: Fault, status: number, token: string])[] = [
  ['nobody listens', async () => `http://127.0.0.1:${await unusedPort()}`, 502, 'connection_refused'],
  ['a name without address', async () => 'http://no-such-host.invalid:80', 502, 'dns_error'],
  ['a reset before any byte', scripted(socket => socket.resetAndDestroy()), 502, 'connection_terminated'],
  ['a close before any byte', scripted(socket => socket.destroy()), 502, 'connection_terminated'],
  [
    'a reset in the middle of the head',
    scripted(socket => socket.write('HTTP/1.1 200 OK\r\nConte', () => socket.resetAndDestroy())),
    502,
    'connection_terminated',
  ],
  ['silence', scripted(() => {}), 504, 'http_response_timeout'],
  [
    'half a head and then silence',
    scripted(socket => socket.write('HTTP/1.1 200 O')),
    504,
    'http_response_timeout',
  ],
  ['another protocol', says('SSH-2.0-OpenSSH\r\n'), 502, 'http_protocol_error'],
  ['HTTP/0.9', says('<html>hello</html>'), 502, 'http_protocol_error'],
  ['a bad status line', says('HTTP/1.1 abc\r\n\r\n'), 502, 'http_protocol_error'],
  ['a status below 100', says('HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'), 502, 'http_protocol_error'],
  [
    'two lengths',
    says(`${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`),
    502,
    'http_protocol_error',
  ],
  [
    'a length and a coding',
    says(`${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    502,
    'http_protocol_error',
  ],
  ['a coding nobody took off', says(`${head}Transfer-Encoding: gzip\r\n\r\nx`), 502, 'http_protocol_error'],
  ['NUL in a header', says(`${head}X: a\0b\r\nContent-Length: 0\r\n\r\n`), 502, 'http_protocol_error'],
  ['a head beyond 16 KiB', says(`${head}X: ${'x'.repeat(20_000)}\r\n\r\n`), 502, 'http_protocol_error'],
  ['ten thousand headers', says(`${head}${'X: y\r\n'.repeat(10_000)}\r\n`), 502, 'http_protocol_error'],
  ['a flood of interim answers', says('HTTP/1.1 103 Early\r\n\r\n'.repeat(100)), 502, 'http_protocol_error'],
]

const timeouts = { request: '10s', backendRequest: '300ms' }

describe.each([
  ['Primary', { success: 'Primary', from: 'a' }],
  ['First', { success: 'First' }],
  ['All, answer of one', { success: 'All', body: 'Upstream', from: 'a' }],
])('%s', (_name, response) => {
  test.each(faults)('%s', async (_what, fault, status, token) => {
    const upstreams = [{ name: 'a', url: await fault() }]
    const relay = open(await startRelay({ r: { upstreams, response, timeouts } }))
    const answer = await ask(relay)
    expect([answer.status, json(answer).code]).toEqual([status, token])
    expect(answer.header('proxy-status')).toBe(`fanout-relay; error=${token}`)
    expect(answer.header('server-timing')).toMatch(new RegExp(`^a;dur=[0-9.]+;desc="${token}"$`))
    expect(answer.header('content-type')).toBe('application/problem+json')
    expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|UND_ERR|HPE_|ECONN|ENOTFOUND|\.invalid/)
    expect(relay.observer.legs).toEqual([{ route: 'default/r', leg: 'a', status: 0, error: token }])
    expect(relay.observer.failures).toMatchObject([{ leg: { name: 'a', error: token, outcome: 'failure' } }])
    expect(relay.observer.inFlight.attempts).toBe(0)
    expect(relay.observer.defects).toEqual([])
  })
})

test.each(faults)('an Envelope names the fault: %s', async (_what, fault, _status, token) => {
  const good = open(await startUpstream())
  const upstreams = [
    { name: 'a', url: await fault(), role: 'Optional' },
    { name: 'b', url: good.url },
  ]
  const relay = open(await startRelay({ r: { upstreams, timeouts } }))
  const answer = await ask(relay)
  expect([answer.status, json(answer).status]).toEqual([207, 'partial_success'])
  expect(json(answer).results.a).toMatchObject({ outcome: 'failure', error: token })
  expect(json(answer).results.b).toMatchObject({ outcome: 'success' })
})

test.each([
  ['a short body', says(`${head}Content-Length: 10\r\n\r\nhalf`), 'http_response_incomplete'],
  ['a cut chunk', says(`${head}Transfer-Encoding: chunked\r\n\r\n10\r\nhalf`), 'http_response_incomplete'],
  [
    'chunks without the last',
    says(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`),
    'http_response_incomplete',
  ],
  [
    'a reset in the middle of the body',
    scripted(socket => socket.write(`${head}Content-Length: 10\r\n\r\nhalf`, () => socket.resetAndDestroy())),
    'http_response_incomplete',
  ],
  [
    'a bad chunk size',
    says(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n0\r\n\r\n`),
    'http_protocol_error',
  ],
  [
    'silence in the middle of the body',
    scripted(socket => socket.write(`${head}Content-Length: 10\r\n\r\nhalf`)),
    'http_response_timeout',
  ],
])('a body that fails fails its leg, with the status it had: %s', async (_what, fault, token) => {
  const upstreams = [
    { name: 'a', url: await fault() },
    { name: 'b', url: open(await startUpstream()).url },
  ]
  const relay = open(await startRelay({ r: { upstreams, timeouts } }))
  const { results } = json(await ask(relay))
  expect(results.a).toMatchObject({ outcome: 'failure', status: 200, error: token })
  expect(results.a).not.toHaveProperty('body')
})

describe('connections', () => {
  test('are kept and used again, one request at a time', async () => {
    const a = open(await startUpstream())
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }))
    for (let i = 0; i < 5; i++) await ask(relay)
    expect(a.connections()).toBe(1)
    await Promise.all([ask(relay), ask(relay), ask(relay)])
    expect(a.received.length).toBe(8)
    expect(a.connections()).toBeLessThanOrEqual(3)
  })

  test('after a broken answer are not used again', async () => {
    let count = 0
    const a = open(
      await startRawUpstream((socket, received) => {
        if (!received.endsWith('\r\n\r\n')) return
        socket.write(
          count++ === 0
            ? `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`
            : `${head}Content-Length: 2\r\n\r\nok`,
        )
      }),
    )
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }))
    expect((await ask(relay)).status).toBe(502)
    expect((await ask(relay)).body.toString()).toBe('ok')
    expect(a.received.length).toBe(2)
  })

  test('on which an upstream speaks unasked are closed, and the next request gets its own answer', async () => {
    let count = 0
    const a = open(
      await startRawUpstream(socket => {
        const name = `answer ${++count}`
        socket.write(`${head}Content-Length: ${name.length}\r\n\r\n${name}`)
        if (count === 1) setImmediate(() => socket.write(`${head}Content-Length: 8\r\n\r\npoisoned`))
      }),
    )
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }))
    expect((await ask(relay)).body.toString()).toBe('answer 1')
    await eventually(() => expect(a.openSockets()).toBe(0))
    expect((await ask(relay)).body.toString()).toBe('answer 2')
  })

  test('redirects are passed on, never followed', async () => {
    const target = open(await startUpstream())
    const a = open(
      await startUpstream((_r, answer) => answer.writeHead(302, { location: `${target.url}/x` }).end()),
    )
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }))
    const answer = await ask(relay)
    expect([answer.status, answer.header('location')]).toEqual([302, `${target.url}/x`])
    expect(target.received.length).toBe(0)
  })
})
