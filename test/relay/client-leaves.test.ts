import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ask, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startStreamingUpstream, startUpstream } from '../support/upstream.ts'
import { type Flood, flood } from './flood.ts'

const open = closing()

interface Held {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const startHeld = async () => {
  const held: Held[] = []
  const upstream = open(
    await startStreamingUpstream((request, response) => {
      request.on('error', () => {})
      request.resume()
      held.push({ request, response })
    }),
  )
  const next = () => eventually(() => held.shift() ?? Promise.reject(new Error('no request yet')))
  return { ...upstream, next }
}

const closed = ({ response }: Held) => eventually(() => expect(response.closed).toBe(true))

const answers = {
  'Primary, streamed': { success: 'Primary', from: 'a' },
  First: { success: 'First' },
  'All in an Envelope': { success: 'All', body: 'Envelope' },
  'All, answer of one': { success: 'All', body: 'Upstream', from: 'a' },
}

const start = async (response: object) => {
  const [a, b, copy] = [await startHeld(), await startHeld(), await startHeld()]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: b.url },
    { name: 'copy', url: copy.url, role: 'Shadow' },
  ]
  const relay = open(await startRelay({ r: { upstreams, response, timeouts: { request: '30s' } } }))
  return { relay, a, b, copy }
}

/** Nothing of any request is left. */
const isIdle = (relay: TestRelay) =>
  eventually(() => {
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.current!.users]).toEqual([
      0, 0, 0,
    ])
    for (const leg of ['a', 'b', 'copy'])
      expect(relay.legStates.get('default/r', leg, leg !== 'copy').inFlight).toBe(0)
    expect(relay.observer.defects).toEqual([])
  })

describe.each(Object.entries(answers))('%s', (_name, response) => {
  test.each(['GET', 'HEAD', 'OPTIONS'])(
    'waiting, %s: the awaited legs are cancelled, the copy is not',
    async method => {
      const { relay, a, b, copy } = await start(response)
      const client = await RawClient.connect(relay.port)
      client.send(requestBytes({ method }))
      const [onA, onB, onCopy] = [await a.next(), await b.next(), await copy.next()]
      client.socket.resetAndDestroy()
      await closed(onA)
      await closed(onB)
      expect(onCopy.response.closed).toBe(false)
      onCopy.response.end()
      await isIdle(relay)
      expect(relay.observer.legs.map(({ leg, error }) => `${leg} ${error}`).sort()).toEqual([
        'a client_cancelled',
        'b client_cancelled',
        'copy ',
      ])
      expect(relay.observer.exchanges).toMatchObject([{ status: 0 }])
      await eventually(() => expect([a.openSockets(), b.openSockets()]).toEqual([0, 0]))
    },
  )

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('waiting, %s: every leg runs to its end', async method => {
    const { relay, a, b, copy } = await start(response)
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method, body: 'order' }))
    const all = [await a.next(), await b.next(), await copy.next()]
    client.socket.resetAndDestroy()
    await eventually(() => expect(relay.observer.exchanges.length).toBe(1))
    for (const { response } of all) expect(response.closed).toBe(false)
    // Under First the winner ends the others; here each refuses.
    const status = response === answers.First ? 409 : 201
    for (const { response } of all) response.writeHead(status).end('done'.repeat(50_000))
    await isIdle(relay)
    expect(relay.observer.legs.map(({ status }) => status)).toEqual([status, status, status])
  })

  test('uploading: nothing is sent to anybody', async () => {
    const { relay, a, b, copy } = await start(response)
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': '1000' } })).send('part')
    await eventually(() => expect(relay.budget.inFlight).toBe(1))
    client.socket.resetAndDestroy()
    await isIdle(relay)
    expect([a.connections(), b.connections(), copy.connections()]).toEqual([0, 0, 0])
  })
})

describe.each(['Primary, streamed', 'First'] as const)('%s, downloading', name => {
  const begin = async (method: string) => {
    const parts = await start(answers[name])
    const client = await RawClient.connect(parts.relay.port)
    client.send(requestBytes({ method }))
    const [onA, onB, onCopy] = [await parts.a.next(), await parts.b.next(), await parts.copy.next()]
    onA.response.writeHead(200)
    onA.response.write('first part')
    await eventually(() => expect(client.received.toString()).toContain('first part'))
    client.socket.resetAndDestroy()
    return { ...parts, onA, onB, onCopy }
  }

  test('a safe method stops the upstream', async () => {
    const { relay, onA, onB, onCopy } = await begin('GET')
    await closed(onA)
    await closed(onB)
    onCopy.response.end()
    await isIdle(relay)
  })

  test('another one reads the answer to its end and drops it', async () => {
    const { relay, onA, onB, onCopy } = await begin('POST')
    await eventually(() => expect(relay.observer.exchanges.length).toBe(1))
    expect(onA.response.closed).toBe(false)
    onA.response.end(Buffer.alloc(2_000_000))
    onB.response.end()
    onCopy.response.end()
    await isIdle(relay)
    expect(relay.observer.legs.find(({ leg }) => leg === 'a')).toMatchObject({ status: 200, error: '' })
  })

  test('while its connection is full: a paused upstream is set free', async () => {
    const parts = await start(answers[name])
    const client = await RawClient.connect(parts.relay.port)
    client.socket.pause()
    client.send(requestBytes({ method: 'POST' }))
    const [onA, onB, onCopy] = [await parts.a.next(), await parts.b.next(), await parts.copy.next()]
    onA.response.end(Buffer.alloc(20_000_000))
    await eventually(() => expect(parts.relay.observer.inFlight.attempts).toBeGreaterThan(0))
    client.socket.resetAndDestroy()
    onB.response.end()
    onCopy.response.end()
    await isIdle(parts.relay)
    expect(parts.relay.observer.legs.find(({ leg }) => leg === 'a')).toMatchObject({ status: 200, error: '' })
  })
})

test('after a hundred departures the relay serves the next caller as ever', async () => {
  const upstream = open(
    await startUpstream((_r, answer) => setImmediate(() => answer.end('x'.repeat(100_000)))),
  )
  const upstreams = [
    { name: 'a', url: upstream.url },
    { name: 'b', url: upstream.url },
    { name: 'copy', url: upstream.url, role: 'Shadow' },
  ]
  const relay = open(await startRelay({ r: { upstreams, response: answers['Primary, streamed'] } }))
  for (let i = 0; i < 100; i++) {
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method: i % 2 === 0 ? 'GET' : 'POST' }))
    await new Promise(resolve => setImmediate(resolve))
    client.socket.resetAndDestroy()
  }
  expect((await ask(relay)).body.length).toBe(100_000)
  await isIdle(relay)
})

test('First: a refusal that waits and never ends is given up, though another leg goes on', async () => {
  const bodies: Flood[] = []
  const a = open(
    await startStreamingUpstream((request, response) => {
      request.resume()
      bodies.push(flood(response.writeHead(404)))
    }),
  )
  const b = await startHeld()
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: b.url },
  ]
  const spec = { upstreams, response: answers.First, timeouts: { request: '0s' } }
  const relay = open(await startRelay({ r: { ...spec, limits: { maxBodySize: '1Ki' } } }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes({ method: 'POST', body: 'x' }))
  const onB = await b.next()
  await eventually(() => expect(bodies.length).toBe(1))
  await bodies[0]!.backsUp()
  client.close()
  await eventually(() => expect(a.openSockets()).toBe(0))
  onB.response.end()
  await isIdle(relay)
})
