import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { accessLines } from '../../support/access-lines.ts'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay } from '../../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../../support/upstream.ts'

const open = closing()

/** Answers at once with `status` and a body of `size` bytes. */
const startRefusing = async (status: number, size: number) =>
  open(
    await startUpstream((_received, response) => response.writeHead(status).end(Buffer.alloc(size, status))),
  )

const first = { response: { success: 'First' }, timeouts: { request: '500ms' } }

const start = async (upstreams: readonly object[], more: object = first) => {
  const clock = new FakeClock()
  const { lines, accessLog } = accessLines()
  const relay = open(await startRelay({ r: { upstreams, ...more } }, { clock, accessLog }))
  /** Resolves once so many attempts have ended. */
  const ended = (count: number) => eventually(() => expect(relay.observer.legs.length).toBe(count))
  return { relay, clock, ended, lines }
}

describe('First: an answer of 400 or more that waits', () => {
  test.each([
    [404, 100_000],
    [400, 300_000],
    [503, 900_000],
    [404, 0],
  ])('a %i of %i bytes is the answer when the deadline ends the others', async (status, size) => {
    const a = await startRefusing(status, size)
    const hung = open(await startHeldUpstream())
    const { relay, clock, ended, lines } = await start([
      { name: 'a', url: a.url },
      { name: 'h', url: hung.url },
    ])
    const answer = ask(relay)
    await hung.next()
    await ended(1)
    expect(relay.budget.bufferedBytes).toBe(size)
    clock.advance(500)
    const got = await answer
    expect([got.status, got.complete, got.body.length]).toEqual([status, true, size])
    expect(got.body.equals(Buffer.alloc(size, status))).toBe(true)
    await eventually(() => expect(lines.length).toBe(1))
    expect(relay.observer.exchanges).toEqual([
      { route: 'default/r', method: 'GET', status, outcome: 'failed' },
    ])
    expect(lines[0]!.legs.map(({ outcome, error }) => `${outcome} ${error}`)).toEqual([
      'failure http_status',
      'failure deadline_exceeded',
    ])
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(0))
    expect(relay.tables.current!.users).toBe(0)
  })

  test('one too large to be held gives way to a whole 504', async () => {
    const a = await startRefusing(404, 20_000_000)
    const hung = open(await startHeldUpstream())
    const { relay, clock } = await start([
      { name: 'a', url: a.url },
      { name: 'h', url: hung.url },
    ])
    const answer = ask(relay)
    await hung.next()
    await eventually(() => expect(relay.budget.bufferedBytes).toBeGreaterThan(1024 * 1024))
    clock.advance(500)
    const got = await answer
    expect([got.status, got.complete, json(got).code]).toEqual([504, true, 'deadline_exceeded'])
    await eventually(() => expect(relay.observer.exchanges).toMatchObject([{ status: 504 }]))
    // It was the relay that did not read.
    await eventually(() =>
      expect(relay.observer.legs).toContainEqual({ ...leg('a'), status: 404, error: 'http_status' }),
    )
    await eventually(() => expect([relay.budget.bufferedBytes, a.openSockets()]).toEqual([0, 0]))
  })

  test('one that was cut gives way to the next', async () => {
    const a = await startRefusing(404, 20_000_000)
    const [b, c] = [open(await startHeldUpstream()), open(await startHeldUpstream())]
    const { relay, clock, ended } = await start([
      { name: 'a', url: a.url, timeouts: { backendRequest: '200ms' } },
      { name: 'b', url: b.url },
      { name: 'c', url: c.url },
    ])
    const answer = ask(relay)
    const last = await c.next()
    await eventually(() => expect(relay.budget.bufferedBytes).toBeGreaterThan(1024 * 1024))
    ;(await b.next()).writeHead(403).end('from b')
    await ended(1)
    clock.advance(200)
    await ended(2)
    last.writeHead(500).end('from c')
    expect(await answer).toMatchObject({ status: 403, complete: true, body: Buffer.from('from b') })
  })

  test('what timeouts.backendRequest says ends with its last byte', async () => {
    const a = await startRefusing(404, 300_000)
    const b = open(await startHeldUpstream())
    const { relay, clock, ended } = await start([
      { name: 'a', url: a.url, timeouts: { backendRequest: '200ms' } },
      { name: 'b', url: b.url },
    ])
    const answer = ask(relay)
    const other = await b.next()
    await ended(1)
    clock.advance(400)
    other.writeHead(503).end('from b')
    const got = await answer
    expect([got.status, got.complete, got.body.length]).toEqual([404, true, 300_000])
  })

  test('is no failure to the breaker, however long the winner takes', async () => {
    const a = await startRefusing(404, 300_000)
    const b = open(await startHeldUpstream())
    const { relay, clock, ended } = await start([
      {
        name: 'a',
        url: a.url,
        timeouts: { backendRequest: '200ms' },
        circuitBreaker: { consecutiveFailures: 2 },
      },
      { name: 'b', url: b.url },
    ])
    for (let i = 0; i < 3; i++) {
      const answer = ask(relay)
      const winner = await b.next()
      await ended(2 * i + 1)
      clock.advance(400)
      winner.end('from b')
      expect((await answer).status).toBe(200)
      await ended(2 * i + 2)
    }
    expect(relay.observer.legs.filter(({ leg }) => leg === 'a')).toEqual(
      Array(3).fill({ ...leg('a'), status: 404, error: 'http_status' }),
    )
    expect(relay.observer.policies.filter(({ detail }) => detail === 'open')).toEqual([])
  })

  test.each([6, 300_000])('its time is its own, not that of the winner: %i bytes', async size => {
    const a = await startRefusing(404, size)
    const b = open(await startHeldUpstream())
    const { relay, clock, ended, lines } = await start([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])
    const answer = ask(relay)
    const winner = await b.next()
    await ended(1)
    clock.advance(300)
    winner.end()
    expect((await answer).header('server-timing')).toMatch(/^a;dur=0;desc="http_status", b;/)
    await eventually(() => expect(lines.length).toBe(1))
    expect(lines[0]!.legs.map(({ durationMs }) => durationMs)).toEqual([0, 300])
  })

  test('no more is held than the process has room for', async () => {
    const a = await startRefusing(404, 900_000)
    const b = open(await startHeldUpstream())
    const upstreams = [
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ]
    const relay = open(await startRelay({ r: { upstreams, ...first } }, { maxBufferedBytes: 200_000 }))
    const answer = ask(relay)
    const winner = await b.next()
    await eventually(() => expect(relay.budget.bufferedBytes).toBeGreaterThan(100_000))
    expect(relay.budget.bufferedBytes).toBeLessThanOrEqual(200_000)
    winner.end('from b')
    expect((await answer).body.toString()).toBe('from b')
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(0))
  })

  test('is not kept for a caller that left', async () => {
    const [a, b] = [open(await startHeldUpstream()), open(await startHeldUpstream())]
    const { relay, ended } = await start([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])
    const client = await RawClient.connect(relay.port)
    client.send(requestBytes({ method: 'POST', body: 'x' }))
    const [onA, onB]: ServerResponse[] = [await a.next(), await b.next()]
    client.socket.resetAndDestroy()
    await eventually(() => expect(relay.observer.exchanges.length).toBe(1))
    onA!.writeHead(404).end(Buffer.alloc(900_000))
    await ended(1)
    expect(relay.budget.bufferedBytes).toBe(1)
    onB!.end()
    await ended(2)
    await eventually(() => expect([relay.budget.bufferedBytes, relay.tables.current!.users]).toEqual([0, 0]))
  })
})

const leg = (name: string) => ({ route: 'default/r', leg: name })

describe('a failing answer that nobody needs', () => {
  const large = 70_000

  test('is counted by its status when it is retried', async () => {
    const a = await startRefusing(503, large)
    const upstreams = [{ name: 'a', url: a.url, retry: { attempts: 2, backoff: '1ms' } }]
    const relay = open(await startRelay({ r: { upstreams } }))
    expect((await ask(relay)).status).toBe(503)
    await eventually(() => expect(relay.observer.legs.length).toBe(3))
    expect(relay.observer.legs).toEqual(Array(3).fill({ ...leg('a'), status: 503, error: 'http_status' }))
  })

  test('is counted by its status when it loses a hedge', async () => {
    const a = open(await startHeldUpstream())
    const { relay, clock, ended } = await start([{ name: 'a', url: a.url, hedge: { delay: '50ms' } }], {})
    const answer = ask(relay)
    const slow = await a.next()
    clock.advance(50)
    const second = await a.next()
    slow.writeHead(503).end(Buffer.alloc(20_000_000))
    // All ends of it are in this process: a few turns, and its head has been read.
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    second.end('second')
    expect((await answer).body.toString()).toBe('second')
    await ended(2)
    expect(relay.observer.legs).toContainEqual({ ...leg('a'), status: 503, error: 'http_status' })
  })

  test('is counted by its status when it loses a race', async () => {
    const a = await startRefusing(503, 20_000_000)
    const b = open(await startHeldUpstream())
    const { relay, ended } = await start([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])
    const answer = ask(relay)
    const winner = await b.next()
    await eventually(() => expect(relay.budget.bufferedBytes).toBeGreaterThan(0))
    winner.end('from b')
    expect((await answer).body.toString()).toBe('from b')
    await ended(2)
    expect(relay.observer.legs).toContainEqual({ ...leg('a'), status: 503, error: 'http_status' })
  })

  test('a good answer that was cut is not', async () => {
    const [a, b] = [open(await startHeldUpstream()), open(await startHeldUpstream())]
    const { relay, ended } = await start(
      [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url },
      ],
      { response: { success: 'First', body: 'Envelope' } },
    )
    const answer = ask(relay)
    const loser = await a.next()
    loser.writeHead(200).write('half')
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(4))
    ;(await b.next()).end('{}')
    expect((await answer).status).toBe(200)
    await ended(2)
    expect(relay.observer.legs.find(({ leg }) => leg === 'a')?.error).toBe('client_cancelled')
  })
})
