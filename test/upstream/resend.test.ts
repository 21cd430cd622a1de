import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { relayError } from '../../src/core/errors.ts'
import { makeCertificate } from '../support/certificate.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { contextOf, startAttempts } from './support/attempts.ts'
import { type Arrival, answer, startByRequest } from './support/by-request.ts'

const open = closing()

const authority = makeCertificate({ name: 'test authority', isAuthority: true })
const before = getCACertificates('default')
beforeAll(() => setDefaultCACertificates([...before, authority.cert]))
afterAll(() => setDefaultCACertificates(before))
const certificate = makeCertificate({
  name: 'a',
  ip: [127, 0, 0, 1],
  issuer: { name: 'test authority', key: authority.key },
})

type End = (arrival: Arrival) => void
const closes: End = ({ socket }) => socket.destroy()
const resets: End = ({ socket }) => socket.resetAndDestroy()
const ends: End = ({ socket }) => socket.end()

/** Answers the first request of each connection and lets `end` have those that follow. */
const endingSecond = (end: End, more?: typeof certificate) =>
  startByRequest(arrival => (arrival.nth === 1 ? answer(arrival) : end(arrival)), more)

/** An upstream, and attempts that have one idle connection to it. */
const warm = async (end: End, timeoutMs?: number) => {
  const upstream = open(await endingSecond(end))
  const attempts = open(startAttempts(upstream.url, timeoutMs))
  await attempts.send({ path: '/first' })
  return { upstream, attempts }
}

describe('a kept connection that ends under a request, before its answer begins', () => {
  test.each([
    ['closed', closes],
    ['reset', resets],
    ['ended', ends],
  ])('%s: a safe request goes out once more, as the same attempt', async (_how, end) => {
    const { upstream, attempts } = await warm(end)
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const path = `/${method}`
      const context = contextOf()
      const { body, error } = await attempts.send({ method, path }, context)
      expect([error, body]).toEqual([undefined, method === 'HEAD' ? '' : path])
      expect([upstream.count(path), context.attempts, context.running]).toEqual([2, 1, undefined])
      // A connection that HEAD went over is not kept.
      if (method === 'HEAD') await attempts.send({ path: '/first' })
    }
    expect(attempts.told).toEqual({ started: 5, ended: 5, stale: 3 })
  })

  test('over TLS too, and not on a first request', async () => {
    const upstream = open(await endingSecond(closes, certificate))
    const attempts = open(startAttempts(upstream.url))
    await attempts.send({ path: '/first' })
    expect(await attempts.send({ path: '/second' })).toEqual({ body: '/second', error: undefined })
    const broken = open(await startByRequest(closes, certificate))
    const others = open(startAttempts(broken.url))
    expect((await others.send()).error?.token).toBe('connection_terminated')
    expect([broken.arrivals.length, others.told.stale]).toEqual([1, 0])
  })

  test.each([
    ['small', 'x'.repeat(10)],
    ['sent in parts', 'y'.repeat(600_000)],
  ])('a captured body goes with it: %s', async (_size, body) => {
    const { upstream, attempts } = await warm(resets)
    const { error } = await attempts.send({ path: '/b', body: Buffer.from(body) })
    expect(error).toBeUndefined()
    const bodies = upstream.arrivals.filter(({ path }) => path === '/b').map(arrival => arrival.body)
    expect(bodies).toHaveLength(2)
    expect(bodies.every(received => received === body)).toBe(true)
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is never sent twice', async method => {
    const { upstream, attempts } = await warm(resets)
    const body = method === 'DELETE' ? null : Buffer.from('x')
    const headers = ['Idempotency-Key', 'k']
    const { error } = await attempts.send({ method, path: '/once', body, headers })
    expect(error).toMatchObject({ token: 'connection_terminated' })
    expect(error?.unsent).toBeUndefined()
    expect([upstream.count('/once'), attempts.told.stale]).toEqual([1, 0])
  })

  test.each<[string, string]>([
    ['one byte', 'H'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('not once the answer has begun: %s', async (_what, bytes) => {
    const { upstream, attempts } = await warm(({ socket }) =>
      socket.write(bytes, () => socket.resetAndDestroy()),
    )
    const { error } = await attempts.send({ path: '/begun' })
    expect(error?.token).toBe('connection_terminated')
    expect([upstream.count('/begun'), attempts.told.stale]).toEqual([1, 0])
  })

  test('the connection that follows is new, so it is tried once', async () => {
    const upstream = open(
      await startByRequest(arrival => (arrival.path === '/first' ? answer(arrival) : resets(arrival))),
    )
    const attempts = open(startAttempts(upstream.url))
    await Promise.all(Array.from({ length: 5 }, () => attempts.send({ path: '/first' })))
    expect((await attempts.send({ path: '/bad' })).error?.token).toBe('connection_terminated')
    expect([upstream.count('/bad'), attempts.told.stale]).toEqual([2, 1])
  })

  test('its place in the pool is used by one request at a time, and again after it', async () => {
    const held: Arrival[] = []
    const { upstream, attempts } = await warm(resets)
    const holding = open(
      await startByRequest(arrival => {
        if (arrival.path === '/first') answer(arrival)
        else if (arrival.nth > 1) resets(arrival)
        else held.push(arrival)
      }),
    )
    const others = open(startAttempts(holding.url))
    await others.send({ path: '/first' })
    const again = others.send({ path: '/again' })
    await eventually(() => expect(held).toHaveLength(1))
    const beside = others.send({ path: '/beside' })
    await eventually(() => expect(held).toHaveLength(2))
    for (const arrival of held) answer(arrival)
    expect([(await again).body, (await beside).body]).toEqual(['/again', '/beside'])
    expect(holding.connections()).toBe(3)

    await attempts.send({ path: '/x' })
    await attempts.send({ path: '/y' })
    // Each connection serves one request and dies under the next.
    expect([upstream.connections(), attempts.told.stale]).toEqual([3, 2])
  })

  test('an upstream that is gone altogether is told of as such, and not as unsent', async () => {
    const upstream = open(await endingSecond(() => void upstream.close()))
    const attempts = open(startAttempts(upstream.url))
    await attempts.send({ path: '/first' })
    const { error } = await attempts.send({ path: '/second' })
    expect(error?.token).toBe('connection_refused')
    expect(error?.unsent).toBeUndefined()
  })

  test('the time of the attempt covers both sendings', async () => {
    const upstream = open(
      await startByRequest(arrival => {
        if (arrival.path === '/first') answer(arrival)
        else if (arrival.nth > 1) setTimeout(() => resets(arrival), 200)
      }),
    )
    const attempts = open(startAttempts(upstream.url, 400))
    await attempts.send({ path: '/first' })
    const startedAt = performance.now()
    const { error } = await attempts.send({ path: '/silent' })
    const took = performance.now() - startedAt
    expect([error?.token, upstream.count('/silent')]).toEqual(['http_response_timeout', 2])
    expect(took).toBeGreaterThan(390)
    expect(took).toBeLessThan(590)
  })

  test('a caller that leaves while it connects again stops it', async () => {
    const { upstream, attempts } = await warm(resets)
    const context = contextOf()
    const leave = () => context.running?.cancel(relayError('client_cancelled', 'left'))
    attempts.told.onStale = () => queueMicrotask(leave)
    const { error } = await attempts.send({ path: '/left' }, context)
    expect(error?.token).toBe('client_cancelled')
    expect(error?.unsent).toBeUndefined()
    await attempts.send({ path: '/next' })
    expect(upstream.count('/left')).toBe(1)
  })

  test('a caller that leaves after it was sent again closes the connection', async () => {
    const upstream = open(
      await startByRequest(arrival => {
        if (arrival.path === '/first') answer(arrival)
        else if (arrival.nth > 1) resets(arrival)
      }),
    )
    const attempts = open(startAttempts(upstream.url))
    await attempts.send({ path: '/first' })
    const context = contextOf()
    const sent = attempts.send({ path: '/left' }, context)
    await eventually(() => expect(upstream.count('/left')).toBe(2))
    context.running?.cancel(relayError('client_cancelled', 'left'))
    expect((await sent).error?.token).toBe('client_cancelled')
    await eventually(() => expect(upstream.sockets.size).toBe(0))
    expect(attempts.told).toEqual({ started: 2, ended: 2, stale: 1 })
  })
})

describe('a kept connection that ends, or speaks, before anything is sent on it', () => {
  const wellFormed = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned'
  const happenings: readonly [string, (socket: Arrival['socket']) => void][] = [
    ['closed', socket => socket.destroy()],
    ['reset', socket => socket.resetAndDestroy()],
    ['an answer nobody asked for', socket => socket.write(wellFormed)],
    ['half an answer', socket => socket.write('HTTP/1.1 2')],
    ['another protocol', socket => socket.write('\x15\x03\x03\x00\x02\x02\x28')],
    ['a blank line and an answer', socket => socket.write(`\r\n${wellFormed}`)],
  ]

  test.each(happenings)('%s: a POST just given to it gets its own answer', async (_what, happens) => {
    const upstream = open(await startByRequest(arrival => answer(arrival)))
    const attempts = open(startAttempts(upstream.url))
    await attempts.send({ path: '/first' })
    const [socket] = upstream.sockets
    const context = contextOf()
    const sent = attempts.send({ method: 'POST', path: '/post', body: Buffer.from('x') }, context)
    happens(socket!)
    expect(await sent).toEqual({ body: '/post', error: undefined })
    expect([upstream.count('/post'), context.attempts]).toEqual([1, 1])
    await eventually(() => expect(upstream.sockets.has(socket!)).toBe(false))
  })

  test.each(happenings)('%s: it is closed though nobody uses it', async (_what, happens) => {
    const upstream = open(await startByRequest(arrival => answer(arrival)))
    const attempts = open(startAttempts(upstream.url))
    await attempts.send({ path: '/first' })
    const [socket] = upstream.sockets
    happens(socket!)
    await eventually(() => expect(upstream.sockets.size).toBe(0), 1_000)
    expect(await attempts.send({ path: '/next' })).toEqual({ body: '/next', error: undefined })
    expect(attempts.told.stale).toBe(0)
  })

  test('a caller that leaves before it goes out anew is told so, and nothing is sent', async () => {
    const upstream = open(await startByRequest(arrival => answer(arrival)))
    const attempts = open(startAttempts(upstream.url))
    await attempts.send({ path: '/first' })
    const context = contextOf()
    const leave = () => context.running?.cancel(relayError('client_cancelled', 'left'))
    attempts.told.onStale = () => queueMicrotask(leave)
    const sent = attempts.send({ method: 'POST', path: '/left', body: Buffer.from('x') }, context)
    for (const socket of upstream.sockets) socket.resetAndDestroy()
    expect((await sent).error).toMatchObject({ token: 'client_cancelled', unsent: true })
    await attempts.send({ path: '/next' })
    expect(upstream.count('/left')).toBe(0)
  })
})

describe('20 idle connections of an upstream that is started anew', () => {
  const idle = async () => {
    const held: Arrival[] = []
    const upstream = open(
      await startByRequest(arrival => (arrival.path === '/first' ? held.push(arrival) : answer(arrival))),
    )
    const attempts = open(startAttempts(upstream.url))
    const first = Promise.all(Array.from({ length: 20 }, () => attempts.send({ path: '/first' })))
    await eventually(() => expect(held).toHaveLength(20))
    for (const arrival of held) answer(arrival)
    await first
    return { upstream, attempts }
  }

  test.each<[string, (socket: Arrival['socket']) => void]>([
    ['closed', socket => socket.destroy()],
    ['reset', socket => socket.resetAndDestroy()],
  ])('%s while requests are under way to them: each gets its answer, POST too', async (_how, end) => {
    for (const count of [1, 20, 40]) {
      const { upstream, attempts } = await idle()
      const sent = Array.from({ length: count }, (_, i) =>
        attempts.send({ method: i % 2 === 0 ? 'POST' : 'GET', path: `/${i}`, body: null }),
      )
      for (const socket of [...upstream.sockets]) end(socket)
      const bodies = (await Promise.all(sent)).map(({ body }) => body)
      expect(bodies).toEqual(bodies.map((_, i) => `/${i}`))
      expect(new Set(upstream.arrivals.slice(20).map(({ path }) => path)).size).toBe(count)
      expect(upstream.arrivals).toHaveLength(20 + count)
    }
  })
})

test('a hint how long an idle connection is kept is heeded: the relay closes first', async () => {
  const upstream = open(await startByRequest(arrival => answer(arrival, 'Keep-Alive: timeout=3\r\n')))
  const attempts = open(startAttempts(upstream.url))
  await attempts.send()
  const startedAt = performance.now()
  await eventually(() => expect(upstream.sockets.size).toBe(0))
  // 2 s before the upstream would.
  expect(performance.now() - startedAt).toBeLessThan(2_500)
})
