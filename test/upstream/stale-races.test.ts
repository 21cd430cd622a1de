import { describe, expect, test } from 'vitest'
import { ask, json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { startRelay } from '../support/relay.ts'
import { type Arrival, answer, startByRequest } from './support/by-request.ts'

const open = closing()

/** Ways in which an upstream lets go of a connection just as the next request comes, or has come. */
const partings: readonly ((arrival: Arrival) => void)[] = [
  arrival => {
    if (arrival.nth > 1) return arrival.socket.destroy()
    answer(arrival)
  },
  arrival => {
    if (arrival.nth > 1) return arrival.socket.resetAndDestroy()
    answer(arrival)
  },
  arrival => {
    answer(arrival)
    setImmediate(() => arrival.socket.destroy())
  },
  arrival => {
    answer(arrival)
    setTimeout(() => arrival.socket.destroy(), arrival.nth)
  },
  arrival => {
    answer(arrival)
    setTimeout(() => arrival.socket.resetAndDestroy(), 2)
  },
  arrival => {
    answer(arrival)
    arrival.socket.end()
  },
]

const total = 1_000
const callers = 8

/** So many callers, each with one request at a time; tells what became of each request. */
const race = async (method: 'GET' | 'POST', more: object = {}) => {
  const bySocket = new WeakMap<object, number>()
  let next = 0
  const upstream = open(
    await startByRequest(arrival => {
      const which = bySocket.get(arrival.socket) ?? next++ % partings.length
      bySocket.set(arrival.socket, which)
      partings[which]!(arrival)
    }),
  )
  const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: upstream.url }], ...more } }))
  const statuses = new Map<number, number>()
  let sent = 0
  const call = async (): Promise<void> => {
    while (sent < total) {
      const path = `/${sent++}`
      const body = method === 'POST' ? { body: 'x' } : {}
      const { status, body: got } = await ask(relay, { method, path, ...body })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 200) expect(got.toString()).toBe(path)
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const stale = relay.observer.policies.filter(({ event }) => event === 'staleConnection').length
  return { upstream, relay, statuses, stale }
}

describe('1,000 requests to an upstream that closes its connections under them', () => {
  test('GET: all are answered, each with its own answer', async () => {
    const { statuses, stale, relay } = await race('GET')
    expect([...statuses]).toEqual([[200, total]])
    expect(stale).toBeGreaterThan(total / 20)
    expect(relay.observer.legs).toHaveLength(total)
    expect(relay.observer.defects).toEqual([])
  })

  test('POST: none is sent twice', async () => {
    const { statuses, upstream } = await race('POST')
    const paths = upstream.arrivals.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
    // Those that an upstream may have read before it closed are told of, not hidden.
    expect([...statuses.keys()].sort()).toEqual([200, 502])
  })
})

test('policies see one attempt: no retry, nothing spent, nothing for the breaker', async () => {
  const upstream = open(
    await startByRequest(arrival => (arrival.nth === 1 ? answer(arrival) : arrival.socket.destroy())),
  )
  const upstreams = [{ name: 'a', url: upstream.url, circuitBreaker: { consecutiveFailures: 1 } }]
  const response = { body: 'Envelope' }
  const relay = open(await startRelay({ r: { upstreams, response, retry: { attempts: 2 } } }))
  for (let i = 0; i < 10; i++) {
    const { status, results } = json(await ask(relay))
    expect([status, results.a.attempts]).toEqual(['success', 1])
  }
  const events = relay.observer.policies.map(({ event }) => event)
  expect(events.filter(event => event !== 'breaker')).toEqual(Array(9).fill('staleConnection'))
  expect(relay.observer.policies.filter(({ detail }) => detail === 'open')).toEqual([])
  expect(relay.observer.legs.every(({ error }) => error === '')).toBe(true)
})
