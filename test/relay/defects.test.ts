import { ServerResponse } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import type { Tracing } from '../../src/core/observer.ts'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startRawUpstream } from '../support/upstream.ts'

const open = closing()
afterEach(() => vi.restoreAllMocks())

/** Without ServerResponse, whose methods these tests break. */
const startPlain = () =>
  startRawUpstream((socket, received) => {
    if (received.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })

const isIdle = (relay: TestRelay) =>
  eventually(() => {
    expect(relay.observer.inFlight.requests).toBe(0)
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.inUse]).toEqual([0, 0, 0])
  })

const answers = [
  ['streamed', { success: 'Primary', from: 'a' }],
  ['an Envelope', { success: 'All', body: 'Envelope' }],
  ['the answer of one', { success: 'All', body: 'Upstream', from: 'a' }],
] as const

test.each(answers)('a throw while %s is answered costs that request alone', async (_name, response) => {
  const a = open(await startPlain())
  const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }], response } }))
  vi.spyOn(ServerResponse.prototype, 'writeHead').mockImplementationOnce(() => {
    throw new Error('boom')
  })
  const client = open(await RawClient.connect(relay.port))
  const answer = await client.send(requestBytes()).response()
  expect([answer.status, json(answer).code]).toEqual([500, 'relay_internal'])
  expect(answer.body.toString()).not.toContain('boom')
  expect(relay.observer.defects).toMatchObject([{ message: 'boom' }])
  await isIdle(relay)
  expect((await client.send(requestBytes()).response()).status).toBe(200)
})

test('a throw once a part is out aborts the caller', async () => {
  const a = open(await startPlain())
  const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }))
  vi.spyOn(ServerResponse.prototype, 'end').mockImplementationOnce(function (this: ServerResponse) {
    this.flushHeaders()
    throw new Error('boom')
  })
  const answer = await ask(relay)
  expect(answer.complete).toBe(false)
  await isIdle(relay)
  expect((await ask(relay)).status).toBe(200)
})

/** An SDK that throws when it is told of an attempt to this upstream. */
const brokenFor = (upstream: string): Tracing => ({
  fields: [],
  request: () => ({
    traceparent: '',
    end: () => {},
    attempt: attempt => {
      if (attempt.upstream === upstream) throw new Error('boom')
      return { headers: [], end: () => {} }
    },
  }),
})

test('a throw before a leg begins fails that leg, and others may answer', async () => {
  const a = open(await startPlain())
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: a.url },
  ]
  const relay = open(
    await startRelay({ r: { upstreams, response: { success: 'First' } } }, { tracing: brokenFor('a') }),
  )
  const answer = await ask(relay)
  expect([answer.status, answer.body.toString()]).toEqual([200, 'ok'])
  expect(relay.observer.failures).toMatchObject([{ leg: { name: 'a', error: 'relay_internal' } }])
  await isIdle(relay)
})

test('an Envelope names it', async () => {
  const a = open(await startPlain())
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: a.url },
  ]
  const relay = open(await startRelay({ r: { upstreams } }, { tracing: brokenFor('a') }))
  const answer = await ask(relay)
  expect([answer.status, answer.complete]).toEqual([502, true])
  expect(json(answer).results).toMatchObject({ a: { error: 'relay_internal' }, b: { outcome: 'success' } })
  await isIdle(relay)
})

test.each([
  { success: 'Primary', from: 'a' },
  { success: 'All', body: 'Upstream', from: 'a' },
])('with nobody else to answer it is 500: $success', async response => {
  const a = open(await startPlain())
  const upstreams = [{ name: 'a', url: a.url }]
  const relay = open(await startRelay({ r: { upstreams, response } }, { tracing: brokenFor('a') }))
  for (const method of ['GET', 'POST']) {
    const answer = await ask(relay, { method, ...(method === 'POST' ? { body: 'x' } : {}) })
    expect([answer.status, json(answer).code]).toEqual([500, 'relay_internal'])
  }
  expect(relay.observer.defects.length).toBe(2)
  await isIdle(relay)
})

test('a throw in a copy does not reach the caller', async () => {
  const a = open(await startPlain())
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'copy', url: a.url, role: 'Shadow' },
  ]
  const relay = open(await startRelay({ r: { upstreams } }, { tracing: brokenFor('copy') }))
  const answer = await ask(relay)
  expect([answer.status, answer.body.toString()]).toEqual([200, 'ok'])
  expect(relay.observer.defects.length).toBe(1)
  await isIdle(relay)
})
