import { describe, expect, test } from 'vitest'
import type { RequestSpan } from '../../src/core/observer.ts'
import { accessLines } from '../support/access-lines.ts'
import { ask, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startHeldUpstream, startRawUpstream, startUpstream } from '../support/upstream.ts'

const open = closing()

/** What metric, access line and span say of each request, which must be the same. */
const start = async (spec: object) => {
  const { lines, accessLog } = accessLines()
  const spans: string[] = []
  const span: RequestSpan = {
    traceparent: '',
    attempt: () => ({ headers: [], end: () => {} }),
    end: (status, outcome) => spans.push(`${status} ${outcome}`),
  }
  const tracing = { fields: [], request: () => span }
  const relay = open(await startRelay({ r: spec }, { accessLog, tracing }))
  const counted = async (): Promise<string> => {
    await eventually(() => expect(lines.length).toBe(1))
    const told = [...relay.observer.exchanges, ...lines].map(({ status, outcome }) => `${status} ${outcome}`)
    expect(new Set([...told, ...spans]).size).toBe(1)
    return told[0]!
  }
  return { relay, counted }
}

const answers = {
  Primary: { success: 'Primary', from: 'a' },
  First: { success: 'First' },
  Envelope: { success: 'All', body: 'Envelope' },
  Upstream: { success: 'All', body: 'Upstream', from: 'a' },
}

const legs = (a: string, b: string) => [
  { name: 'a', url: a },
  { name: 'b', url: b },
]

describe.each(Object.entries(answers))('a caller that leaves: %s', (_name, response) => {
  test.each(['GET', 'POST'])('before there is an answer, %s', async method => {
    const [a, b] = [open(await startHeldUpstream()), open(await startHeldUpstream())]
    const { relay, counted } = await start({ upstreams: legs(a.url, b.url), response })
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method }))
    const [onA, onB] = [await a.next(), await b.next()]
    client.socket.resetAndDestroy()
    expect(await counted()).toBe('0 cancelled')
    onA.end()
    onB.end()
    await eventually(() => expect(relay.tables.current!.users).toBe(0))
    expect(relay.observer.exchanges.length).toBe(1)
  })

  test('while legs of a GET are half read', async () => {
    const half = await startRawUpstream(socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
    )
    const [a, b] = [open(half), open(await startHeldUpstream())]
    const { relay, counted } = await start({ upstreams: legs(b.url, a.url), response })
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes())
    await eventually(() => expect(half.received.length).toBe(1))
    client.socket.resetAndDestroy()
    expect(await counted()).toMatch(/^(0|200) cancelled$/)
  })

  test('while it sends its body', async () => {
    const a = open(await startUpstream())
    const { relay, counted } = await start({ upstreams: legs(a.url, a.url), response })
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': '10' } })).send('half')
    await eventually(() => expect(relay.budget.inFlight).toBe(1))
    client.socket.resetAndDestroy()
    expect(await counted()).toBe('0 cancelled')
  })

  test('while its body is streamed', async () => {
    const a = open(await startUpstream())
    const { relay, counted } = await start({
      upstreams: legs(a.url, a.url),
      limits: { maxBodySize: '10', onOversize: 'StreamAll' },
      response,
    })
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': '1000' } })).send('a'.repeat(100))
    await eventually(() => expect(relay.observer.inFlight.attempts).toBe(2))
    client.socket.resetAndDestroy()
    expect(await counted()).toBe('0 cancelled')
  })
})

describe.each(['Primary', 'First'] as const)('%s', name => {
  test.each(['GET', 'POST'])('a caller that closes a stream of events, %s', async method => {
    const [a, b] = [open(await startHeldUpstream()), open(await startHeldUpstream())]
    const { relay, counted } = await start({ upstreams: legs(a.url, b.url), response: answers[name] })
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method }))
    const stream = await a.next()
    stream.writeHead(200, { 'content-type': 'text/event-stream' })
    stream.write('data: 1\n\n')
    await eventually(() => expect(client.received.toString()).toContain('data: 1'))
    client.socket.resetAndDestroy()
    expect(await counted()).toBe('200 cancelled')
    stream.end()
  })

  test('a stream that its upstream cuts has failed', async () => {
    const a = open(await startHeldUpstream())
    const { relay, counted } = await start({
      upstreams: [{ name: 'a', url: a.url }],
      response: answers[name],
    })
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes())
    const stream = await a.next()
    stream.writeHead(200)
    stream.write('part')
    await eventually(() => expect(client.received.toString()).toContain('part'))
    stream.destroy()
    expect(await counted()).toBe('200 failed')
    await eventually(() => expect(client.closed).toBe(true))
  })
})

test('a failing answer that its caller does not wait for has failed', async () => {
  const a = open(await startHeldUpstream())
  const { relay, counted } = await start({ upstreams: [{ name: 'a', url: a.url }] })
  const client = await RawClient.connect(relay.port)
  client.send(requestBytes())
  const answer = await a.next()
  answer.writeHead(503)
  answer.write('part')
  await eventually(() => expect(client.received.toString()).toContain('part'))
  client.socket.resetAndDestroy()
  expect(await counted()).toBe('503 failed')
})

test('a caller that leaves an answer that is recorded under its key', async () => {
  const a = open(await startHeldUpstream())
  const { relay, counted } = await start({ upstreams: [{ name: 'a', url: a.url }], idempotencyKey: {} })
  const client = await RawClient.connect(relay.port)
  const request = { method: 'POST', body: 'x', headers: { 'idempotency-key': 'k' } }
  client.send(requestBytes(request))
  const answer = await a.next()
  client.socket.resetAndDestroy()
  expect(await counted()).toBe('0 cancelled')
  answer.end('done')
  await eventually(() => expect(relay.tables.current!.users).toBe(0))
  expect((await ask(relay, request)).body.toString()).toBe('done')
  expect(relay.observer.exchanges.map(({ outcome }) => outcome)).toEqual(['cancelled', 'success'])
})
