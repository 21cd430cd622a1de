import { expect } from 'vitest'
import { type Ask, requestBytes } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient, type RawResponse } from '../support/raw-client.ts'
import type { Faulty, Row } from './row.ts'
import type { Expected, Shape } from './shapes.ts'
import { type LoggedRequest, type ObservedRelay, startObserved } from './support/observed-relay.ts'
import { expectEverySurface, type Seen } from './surfaces.ts'

/** Longer than what a connect may take, the longest wait of a row. */
const patienceMs = 12_000

/** One fault in one shape of route: the request that meets it, and the one after it. */
export const runCell = async (row: Row, shape: Shape, name: string, seen: Seen): Promise<void> => {
  const faulty = await row.start({ delayMs: shape.delayOf?.(row) ?? 0 })
  const beside = await shape.beside?.()
  const timeouts = { request: '10s' }
  const spec = { timeouts, ...row.spec, ...shape.spec(faulty.url, beside?.url ?? '', row) }
  const relay = await startObserved(name, spec)
  const request = (body?: string): Ask => {
    const asked = shape.request?.(row) ?? row.request ?? {}
    return body !== undefined && asked.body !== undefined ? { ...asked, body } : asked
  }
  const client = await RawClient.connect(relay.port)
  try {
    if (row.warm) {
      await ask(relay, request())
      await isIdle(relay)
    }
    const earlier = faulty.requests()
    const copiesBefore = beside?.received.length ?? 0
    faulty.arm(shape.faults)
    const startedAt = performance.now()
    const answer = await askOn(client, request())
    const tookMs = performance.now() - startedAt
    seen.caller = describeAnswer(answer)
    expectAnswer(answer, shape.expected(row))
    await isIdle(relay)
    const logged = await lineOf(relay, answer)
    await expectEverySurface(row, shape, relay, logged, answer, seen)
    expectRequests(row, shape, faulty, faulty.requests() - earlier)
    if (row.closes) await expectClosed(relay, faulty, shape.attempts(row) - 1)
    if (row.stopsUploadOf) expect(faulty.bytes?.()).toBeLessThan(row.stopsUploadOf * shape.faulty.length)
    if (shape.attempts(row) > 1 && row.retryWaitMs) expect(tookMs).toBeGreaterThanOrEqual(row.retryWaitMs)
    if (shape.copy && !isStreamed(row)) expect(beside!.received.length - copiesBefore).toBe(1)
    faulty.heal()
    const next = await (shape.keepsCaller ? askOn(client, request('next')) : ask(relay, request('next')))
    await expectFine(relay, shape, next)
  } finally {
    client.close()
    await relay.close()
    try {
      // Waited for once a row: five seconds are what the connect has.
      if (!row.connectsOn || shape.name === 'All')
        await eventually(() => expect(faulty.openSockets(), 'sockets that outlive the relay').toBe(0), 8_000)
    } finally {
      await faulty.close()
      await beside?.close()
    }
  }
}

/** On a busy machine the upstream is still reading megabytes when the relay has long closed its side. */
const expectClosed = async (relay: ObservedRelay, faulty: Faulty, kept: number): Promise<void> => {
  // Sooner than a connection that stays idle is closed anyway.
  const mayBeIdle = 3_500
  const connected = () => relay.connectionsTo(new URL(faulty.url).origin)
  await eventually(() => expect(connected(), 'connections kept').toBeLessThanOrEqual(kept), mayBeIdle)
  const open = () => expect(faulty.openSockets(), 'sockets left open').toBeLessThanOrEqual(kept)
  await eventually(open, patienceMs)
}

const ask = async (relay: ObservedRelay, request: Ask): Promise<RawResponse> => {
  const client = await RawClient.connect(relay.port)
  try {
    return await askOn(client, request)
  } finally {
    client.close()
  }
}

const askOn = (client: RawClient, request: Ask): Promise<RawResponse> =>
  client.send(requestBytes(request)).response({ withinMs: patienceMs })

/** The body is sent as it comes in: an upstream may get a part of it. */
const isStreamed = ({ spec }: Row): boolean => JSON.stringify(spec ?? {}).includes('StreamAll')

const describeAnswer = ({ status, complete }: RawResponse): string => `${status}${complete ? '' : ' cut'}`

const internals =
  /127\.0\.|255\.255|UND_ERR|HPE_|ECONN|ENET|EAI_|ENOTFOUND|CERT_|certificate (?!error)|faults\.test/

const expectAnswer = (
  answer: RawResponse,
  { kind, status, code, body, location, timing }: Expected,
): void => {
  expect([answer.status, answer.complete ? 'complete' : 'cut']).toEqual([
    status,
    kind === 'cut' ? 'cut' : 'complete',
  ])
  if (body !== undefined) expect(answer.body.toString('latin1')).toBe(body)
  if (location !== undefined) expect(answer.header('location')).toBe(location)
  if (timing !== undefined) expect(answer.header('server-timing')).toMatch(timing)
  if (kind !== 'failure') return
  expect(answer.header('content-type')).toBe('application/problem+json')
  expect(answer.header('proxy-status')).toBe(`fanout-relay; error=${code}`)
  expect(JSON.parse(answer.body.toString())).toMatchObject({ code, status })
  expect(answer.body.toString()).not.toMatch(internals)
}

/** Nothing of a request is left once its last leg has ended. */
const isIdle = (relay: ObservedRelay): Promise<void> =>
  eventually(async () => {
    const { budget, tables, legStates, routeId } = relay
    expect([budget.inFlight, budget.bufferedBytes, tables.inUse]).toEqual([0, 0, 0])
    for (const leg of ['a', 'b'])
      for (const awaited of [true, false]) expect(legStates.get(routeId, leg, awaited).inFlight).toBe(0)
    const samples = await relay.metrics()
    const open = samples.filter(({ name, value }) => name.endsWith('_in_flight') && value !== 0)
    expect(open).toEqual([])
    expect(samples.find(({ name }) => name === 'fanout_defects_total')?.value).toBe(0)
  }, patienceMs)

const lineOf = (relay: ObservedRelay, answer: RawResponse): Promise<LoggedRequest> =>
  eventually(() => {
    const found = relay.logged(answer.header('x-request-id')!)
    return found ?? Promise.reject(new Error('no line in the log'))
  })

/** Requests reach the upstream as often as attempts were made, less those that never got so far. */
const expectRequests = (row: Row, shape: Shape, faulty: Faulty, requests: number): void => {
  const attempts = shape.attempts(row) * shape.faulty.length
  expect(requests, `requests at ${faulty.url}`).toBeLessThanOrEqual(attempts)
  if (row.resent === 'replayable' && !row.warm && shape.faulty.length === 1) expect(requests).toBe(attempts)
}

const expectFine = async (relay: ObservedRelay, shape: Shape, next: RawResponse): Promise<void> => {
  expect([next.status, next.complete], `the next request: ${next.body}`).toEqual([200, true])
  await isIdle(relay)
  const logged = await lineOf(relay, next)
  const outcomes = shape.faulty.map(name => logged.legs.get(name)?.outcome)
  const fine = shape.isRace ? ['success', 'cancelled'] : ['success']
  expect(
    outcomes.some(outcome => fine.includes(outcome ?? '')),
    `the upstream that is well again: ${outcomes}`,
  ).toBe(true)
}
