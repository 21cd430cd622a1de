import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startRawUpstream, startStreamingUpstream, startUpstream, unusedPort } from '../support/upstream.ts'

const open = closing()
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Half a megabyte that differs everywhere. */
const large = Buffer.alloc(512 * 1024)
for (let i = 0; i < large.length; i += 4) large.writeUInt32LE((i * 2654435761) >>> 0, i)

const relayFor = async (onOversize: string, legs: readonly object[], more: object = {}) =>
  open(
    await startRelay({
      r: {
        upstreams: legs,
        limits: { maxBodySize: '64Ki', onOversize },
        timeouts: { request: '10s' },
        ...more,
      },
    }),
  )

const chunkedHead = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

/** An upstream that reads nothing of a body until it is told to. */
const startLazy = async () => {
  const held: { request: IncomingMessage; response: ServerResponse }[] = []
  const upstream = open(
    await startStreamingUpstream((request, response) => {
      request.on('error', () => {})
      held.push({ request, response })
    }),
  )
  const next = () => eventually(() => held.shift() ?? Promise.reject(new Error('no request yet')))
  return { ...upstream, next }
}

const idle = (relay: Awaited<ReturnType<typeof relayFor>>) =>
  eventually(() => {
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.current!.users]).toEqual([
      0, 0, 0,
    ])
  })

describe('Reject', () => {
  test.each([
    ['declared', requestBytes({ method: 'POST', body: Buffer.alloc(65 * 1024) })],
    [
      'chunked',
      Buffer.concat([Buffer.from(chunkedHead), chunk(Buffer.alloc(65 * 1024)), Buffer.from('0\r\n\r\n')]),
    ],
  ])('a body over the limit is answered 413 before any upstream hears of it: %s', async (_how, bytes) => {
    const a = open(await startUpstream())
    const relay = await relayFor('Reject', [{ name: 'a', url: a.url }])
    const client = open(await RawClient.connect(relay.port))
    const answer = await client.send(bytes).response()
    expect(answer.status).toBe(413)
    expect(json(answer).code).toBe('body_too_large')
    await idle(relay)
    expect([a.received.length, a.connections()]).toEqual([0, 0])
    expect(relay.observer.exchanges).toMatchObject([{ status: 413, outcome: 'rejected' }])
  })

  test('a body of exactly the limit passes, and so does one that is chunked', async () => {
    const a = open(await startUpstream())
    const relay = await relayFor('Reject', [{ name: 'a', url: a.url }])
    const body = large.subarray(0, 64 * 1024)
    expect((await ask(relay, { method: 'POST', body })).status).toBe(200)
    const client = open(await RawClient.connect(relay.port))
    client.send(chunkedHead).send(chunk(body)).send('0\r\n\r\n')
    expect((await client.response()).status).toBe(200)
    expect(a.received.map(received => sha256(received.body))).toEqual([sha256(body), sha256(body)])
  })
})

describe('StreamPrimary', () => {
  test('the primary gets a large body, the others are skipped and counted', async () => {
    const [a, b, c] = [open(await startUpstream()), open(await startUpstream()), open(await startUpstream())]
    const legs = [
      { name: 'b', url: b.url, role: 'Optional' },
      { name: 'a', url: a.url },
      { name: 'c', url: c.url, role: 'Shadow' },
    ]
    const relay = await relayFor('StreamPrimary', legs, { response: { success: 'Primary', from: 'a' } })
    expect((await ask(relay, { method: 'POST', body: large })).status).toBe(200)
    expect(sha256(a.received[0]!.body)).toBe(sha256(large))
    expect(a.received[0]!.header('content-length')).toBe(String(large.length))
    expect([b.received.length, c.received.length]).toEqual([0, 0])
    expect(relay.observer.skipped).toEqual([
      { route: 'default/r', leg: 'b', reason: 'oversize' },
      { route: 'default/r', leg: 'c', reason: 'oversize' },
    ])
    await idle(relay)
  })

  test('a body that turns out large while it comes is streamed from its first byte', async () => {
    const a = open(await startUpstream())
    const relay = await relayFor('StreamPrimary', [{ name: 'a', url: a.url }])
    const client = open(await RawClient.connect(relay.port))
    client.send(chunkedHead)
    for (let at = 0; at < large.length; at += 10_000) client.send(chunk(large.subarray(at, at + 10_000)))
    client.send('0\r\n\r\n')
    expect((await client.response()).status).toBe(200)
    expect(sha256(a.received[0]!.body)).toBe(sha256(large))
    expect(a.received[0]!.header('transfer-encoding')).toBe('chunked')
  })

  test('an Envelope shows the skipped legs with the reason', async () => {
    const [a, b] = [open(await startUpstream()), open(await startUpstream())]
    const legs = [
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ]
    const relay = await relayFor('StreamPrimary', legs, {
      response: { success: 'Primary', from: 'a', body: 'Envelope' },
    })
    const { status, results } = json(await ask(relay, { method: 'POST', body: large }))
    expect(status).toBe('success')
    expect(results.b).toEqual({ role: 'Required', outcome: 'skipped', reason: 'oversize' })
  })
})

describe('StreamAll', () => {
  test.each(['declared', 'chunked'])('every upstream gets the same bytes: %s', async how => {
    const upstreams = await Promise.all([startUpstream(), startUpstream(), startUpstream()])
    const legs = upstreams.map((upstream, i) => ({
      name: 'abc'[i],
      url: open(upstream).url,
      role: i === 2 ? 'Shadow' : 'Required',
    }))
    const relay = await relayFor('StreamAll', legs)
    const client = open(await RawClient.connect(relay.port))
    if (how === 'declared') client.send(requestBytes({ method: 'PUT', body: large }))
    else client.send(chunkedHead).send(chunk(large)).send('0\r\n\r\n')
    expect((await client.response()).status).toBe(200)
    for (const upstream of upstreams) {
      await eventually(() => expect(upstream.received.length).toBe(1))
      expect(sha256(upstream.received[0]!.body)).toBe(sha256(large))
    }
    await idle(relay)
  })

  test('an awaited upstream that does not read holds the caller back', async () => {
    const [a, b] = [open(await startUpstream()), await startLazy()]
    const relay = await relayFor('StreamAll', [
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])
    const client = open(await RawClient.connect(relay.port))
    const size = 32 * 1024 * 1024
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': String(size) } }))
    let sent = 0
    const block = Buffer.alloc(256 * 1024)
    const pump = () => {
      while (sent < size) {
        sent += block.length
        if (!client.socket.write(block)) {
          client.socket.once('drain', pump)
          return
        }
      }
    }
    pump()
    const held = await b.next()
    let before = -1
    await eventually(async () => {
      const grew = sent !== before
      before = sent
      await new Promise(resolve => setTimeout(resolve, 100))
      expect(grew).toBe(false)
    })
    expect(sent).toBeLessThan(size)
    expect(a.received.length).toBe(0)
    held.request.resume()
    held.request.on('end', () => held.response.end())
    expect((await client.response()).status).toBe(200)
    expect(a.received[0]!.body.length).toBe(size)
    await idle(relay)
  })

  test('a copy that lags is dropped once and hurts nobody', async () => {
    const [a, b, lazy] = [open(await startUpstream()), open(await startUpstream()), await startLazy()]
    const relay = await relayFor('StreamAll', [
      { name: 'a', url: a.url },
      { name: 'lazy', url: lazy.url, role: 'Shadow' },
      { name: 'b', url: b.url, role: 'Shadow' },
    ])
    const body = Buffer.alloc(24 * 1024 * 1024, 'x')
    expect((await ask(relay, { method: 'POST', body })).status).toBe(200)
    expect(sha256(a.received[0]!.body)).toBe(sha256(body))
    await eventually(() =>
      expect(relay.observer.skipped.map(({ leg, reason }) => `${leg} ${reason}`)).toContain('lazy lag'),
    )
    await idle(relay)
    expect(relay.observer.skipped.filter(({ leg }) => leg === 'lazy').length).toBe(1)
    const { request } = await lazy.next()
    request.resume()
    await eventually(() => expect(lazy.openSockets()).toBe(0))
    expect(request.complete).toBe(false)
  })

  test.each([
    ['cannot be reached', async () => `http://127.0.0.1:${await unusedPort()}`],
    [
      'refuses at once and closes',
      async () =>
        open(
          await startRawUpstream(socket =>
            socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
          ),
        ).url,
    ],
    ['resets', async () => open(await startRawUpstream(socket => socket.resetAndDestroy())).url],
  ])('an upstream that %s does not stop the others', async (_how, url) => {
    const a = open(await startUpstream())
    const relay = await relayFor(
      'StreamAll',
      [
        { name: 'a', url: a.url },
        { name: 'b', url: await url(), role: 'Optional' },
      ],
      { response: { success: 'All', body: 'Envelope' } },
    )
    const body = Buffer.alloc(4 * 1024 * 1024, 'x')
    const answer = await ask(relay, { method: 'POST', body })
    expect([answer.status, json(answer).status]).toEqual([207, 'partial_success'])
    expect(sha256(a.received[0]!.body)).toBe(sha256(body))
    await idle(relay)
  })

  test('an upstream over its limit of requests does not stop the others', async () => {
    const [a, b] = [open(await startUpstream()), await startLazy()]
    const relay = open(
      await startRelay(
        {
          r: {
            upstreams: [
              { name: 'a', url: a.url },
              { name: 'b', url: b.url, role: 'Optional' },
            ],
            limits: { maxBodySize: '64Ki', onOversize: 'StreamAll' },
          },
        },
        { legLimits: { maxAwaitedInFlight: 1 } },
      ),
    )
    const held = await RawClient.connect(relay.port)
    open(held).send(requestBytes({ method: 'POST', body: 'x' }))
    const { request, response } = await b.next()
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    const body = Buffer.alloc(4 * 1024 * 1024, 'x')
    const answer = await ask(relay, { method: 'POST', body })
    expect(json(answer).results.b).toMatchObject({ error: 'connection_limit_reached' })
    expect(a.received[1]!.body.length).toBe(body.length)
    request.resume()
    response.end()
    await held.response()
    await idle(relay)
  })
})

describe('an upstream that answers while the caller is still sending', () => {
  test.each(['Reject', 'StreamPrimary', 'StreamAll'])(
    'its answer reaches the caller: %s',
    async onOversize => {
      const a = open(
        await startStreamingUpstream((request, response) => {
          request.on('error', () => {})
          response.writeHead(401).end('who?')
        }),
      )
      const relay = await relayFor(onOversize, [{ name: 'a', url: a.url }])
      const client = open(await RawClient.connect(relay.port))
      const size = onOversize === 'Reject' ? 1024 : 100_000_000
      client.send(requestBytes({ method: 'POST', headers: { 'content-length': String(size) } }))
      client.send(Buffer.alloc(Math.min(size, 256 * 1024)))
      const answer = await client.response()
      expect([answer.status, answer.body.toString()]).toEqual([401, 'who?'])
      await idle(relay)
      // Nobody takes the rest, so the connection does not stay for it.
      if (size > 1024) await client.untilClosed()
    },
  )

  test('answer and upload can run side by side', async () => {
    const a = open(
      await startStreamingUpstream((request, response) => {
        response.writeHead(200)
        request.pipe(response)
      }),
    )
    const relay = await relayFor('StreamAll', [{ name: 'a', url: a.url }])
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes({ method: 'POST', headers: { 'content-length': '300000' } }))
    client.send(Buffer.alloc(100_000, 'a'))
    await eventually(() => expect(client.received.length).toBeGreaterThan(100_000))
    client.send(Buffer.alloc(200_000, 'b'))
    const answer = await client.response()
    expect([answer.complete, answer.body.length]).toEqual([true, 300_000])
    // The connection serves the next request.
    client.send(requestBytes())
    expect((await client.response()).status).toBe(200)
  })
})

describe('a caller that leaves in the middle of its body', () => {
  test.each(['StreamAll', 'StreamPrimary'])(
    'no upstream takes the part for the whole: %s',
    async onOversize => {
      const [a, b] = [await startLazy(), await startLazy()]
      const legs = [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url, role: 'Shadow' },
      ]
      const relay = await relayFor(onOversize, legs)
      const client = await RawClient.connect(relay.port)
      client.send(chunkedHead).send(chunk(large))
      const { request } = await a.next()
      const ended = gate()
      request.on('end', ended.open)
      request.resume()
      const aborted = new Promise(resolve => request.on('close', resolve))
      await eventually(() => expect(request.readableFlowing).toBe(true))
      client.socket.resetAndDestroy()
      await aborted
      expect(request.complete).toBe(false)
      await idle(relay)
      expect(relay.observer.legs.map(({ error }) => error)).not.toContain('connection_terminated')
      expect(relay.observer.defects).toEqual([])
    },
  )

  test('even when the primary had answered before', async () => {
    const a = open(
      await startStreamingUpstream((request, response) => {
        request.on('error', () => {})
        request.resume()
        response.writeHead(202).end('early')
      }),
    )
    const b = await startLazy()
    const relay = await relayFor(
      'StreamAll',
      [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url },
      ],
      { response: { success: 'Primary', from: 'a' }, timeouts: { request: '60s' } },
    )
    const client = await RawClient.connect(relay.port)
    client.send(chunkedHead).send(chunk(large))
    expect((await client.response()).status).toBe(202)
    const { request } = await b.next()
    request.resume()
    const aborted = new Promise(resolve => request.on('close', resolve))
    client.socket.resetAndDestroy()
    await aborted
    expect(request.complete).toBe(false)
    await idle(relay)
  })
})
