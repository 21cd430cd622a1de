import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { startRawUpstream, startUpstream, unusedPort } from '../../support/upstream.ts'

const open = closing()

/** Answers with these statuses, one a request, and 200 after them. */
const startScripted = async (...statuses: number[]) => {
  let asked = 0
  return open(
    await startUpstream((_received, response) => {
      response.writeHead(statuses[asked++] ?? 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ asked, padding: 'x'.repeat(1000) }))
    }),
  )
}

const isIdle = (relay: TestRelay) =>
  eventually(() => {
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.inUse]).toEqual([0, 0, 0])
  })

const retry = { attempts: 2, backoff: '1ms' }

test('a failed answer is asked for again, on the same connection, and the caller sees the good one', async () => {
  const a = await startScripted(503, 502)
  const relay = open(await startRelay({ r: { retry, upstreams: [{ name: 'a', url: a.url }] } }))
  const answer = await ask(relay)
  expect([answer.status, json(answer).asked]).toEqual([200, 3])
  expect(a.connections()).toBe(1)
  expect(relay.observer.legs.map(({ status }) => status)).toEqual([503, 502, 200])
  await isIdle(relay)
})

test('the envelope shows how many attempts a leg took, and the other leg has not been touched', async () => {
  const [a, b] = [await startScripted(503), await startScripted()]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: b.url },
  ]
  const relay = open(await startRelay({ r: { retry, upstreams } }))
  const { status, results } = json(await ask(relay))
  expect(status).toBe('success')
  expect([results.a.attempts, results.b.attempts]).toEqual([2, 1])
  expect([a.received.length, b.received.length]).toEqual([2, 1])
})

test('when every attempt failed the last answer is passed on as it is', async () => {
  const a = await startScripted(503, 503, 503)
  const relay = open(await startRelay({ r: { retry, upstreams: [{ name: 'a', url: a.url }] } }))
  const answer = await ask(relay)
  expect([answer.status, json(answer).asked]).toEqual([503, 3])
  expect(a.received.length).toBe(3)
})

test.each([
  ['POST', {}, 1],
  ['PUT', {}, 1],
  ['GET', {}, 2],
  ['POST', { 'idempotency-key': 'k1' }, 2],
])('%s with %j is sent %i times', async (method, headers, times) => {
  const a = await startScripted(503)
  const relay = open(await startRelay({ r: { retry, upstreams: [{ name: 'a', url: a.url }] } }))
  const body = method === 'GET' ? {} : { body: '{}' }
  expect((await ask(relay, { method, headers, ...body })).status).toBe(times === 2 ? 200 : 503)
  expect(a.received.length).toBe(times)
})

test('a retried body arrives whole each time', async () => {
  const a = await startScripted(503, 503)
  const upstreams = [{ name: 'a', url: a.url, retry: { ...retry, nonIdempotent: true } }]
  const relay = open(await startRelay({ r: { upstreams } }))
  const body = 'y'.repeat(100_000)
  expect((await ask(relay, { method: 'POST', body })).status).toBe(200)
  expect(a.received.map(received => received.body.toString() === body)).toEqual([true, true, true])
})

test('a POST that never reached anybody may be sent again', async () => {
  const url = `http://127.0.0.1:${await unusedPort()}`
  const relay = open(await startRelay({ r: { retry, upstreams: [{ name: 'a', url }] } }))
  const answer = await ask(relay, { method: 'POST', body: '{}' })
  expect([answer.status, json(answer).code]).toEqual([502, 'connection_refused'])
  expect(relay.observer.failures[0]!.leg.attempts).toBe(3)
})

test('a POST that was cut off after it was sent is not sent again', async () => {
  const a = open(await startRawUpstream(socket => socket.resetAndDestroy()))
  const relay = open(await startRelay({ r: { retry, upstreams: [{ name: 'a', url: a.url }] } }))
  const answer = await ask(relay, { method: 'POST', body: '{}' })
  expect([answer.status, json(answer).code]).toEqual([502, 'connection_terminated'])
  expect(a.received.length).toBe(1)
})

test('nothing is retried once the head of an answer was passed on', async () => {
  const a = open(
    await startRawUpstream(socket => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () => socket.destroy())
    }),
  )
  const relay = open(await startRelay({ r: { retry, upstreams: [{ name: 'a', url: a.url }] } }))
  const answer = await ask(relay)
  expect(answer.complete).toBe(false)
  expect(a.received.length).toBe(1)
  await isIdle(relay)
})

test('Retry-After is waited for, and not longer than retryAfterMax', async () => {
  const clock = new FakeClock()
  const answers = ['7', '1000', undefined]
  const a = open(
    await startUpstream((_received, response) => {
      const after = answers.shift()
      response.writeHead(after ? 503 : 200, after ? { 'retry-after': after } : {}).end()
    }),
  )
  const policy = { ...retry, retryAfterMax: '20s' }
  const spec = { timeouts: { request: '60s' }, retry: policy, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const answer = ask(relay)
  const ended = () => relay.observer.legs.length
  await eventually(() => expect([ended(), clock.armed > 1]).toEqual([1, true]))
  clock.advance(6_999)
  expect(a.received.length).toBe(1)
  clock.advance(1)
  await eventually(() => expect(ended()).toBe(2))
  expect(a.received.length).toBe(2)
  clock.advance(19_999)
  expect(a.received.length).toBe(2)
  clock.advance(1)
  expect((await answer).status).toBe(200)
})

test('a caller of a safe method that leaves during the wait ends it: no attempt follows', async () => {
  const clock = new FakeClock()
  const a = await startScripted(503)
  const spec = { retry: { attempts: 2, backoff: '10s', maxBackoff: '10s' } }
  const relay = open(await startRelay({ r: { ...spec, upstreams: [{ name: 'a', url: a.url }] } }, { clock }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes())
  await eventually(() => expect(relay.observer.legs.length).toBe(1))
  client.close()
  await isIdle(relay)
  clock.advance(60_000)
  expect(a.received.length).toBe(1)
})

test('the deadline ends a wait, and says so', async () => {
  const clock = new FakeClock()
  const a = await startScripted(503, 503, 503)
  const upstreams = [{ name: 'a', url: a.url, retry: { attempts: 2, backoff: '900ms' } }]
  const spec = { timeouts: { request: '1s' }, upstreams, response: { success: 'All', body: 'Envelope' } }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const answer = ask(relay)
  await eventually(() => expect(relay.observer.legs.length).toBeGreaterThan(0))
  await eventually(() => {
    clock.advance(100)
    expect(relay.observer.inFlight.requests).toBe(0)
  })
  const { results } = json(await answer)
  // Either a wait ended with the deadline, or one that could not have ended in time was not begun.
  expect(['deadline_exceeded', 'http_status']).toContain(results.a.error)
  expect(results.a.durationMs).toBeLessThanOrEqual(1000)
})

test('a copy is retried like any other leg', async () => {
  const [a, copy] = [await startScripted(), await startScripted(503)]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'copy', url: copy.url, role: 'Shadow' },
  ]
  const relay = open(await startRelay({ r: { retry, upstreams } }))
  expect((await ask(relay)).status).toBe(200)
  await eventually(() => expect(copy.received.length).toBe(2))
  await isIdle(relay)
})

test('all legs of a route share one budget: with everything failing little is sent twice', async () => {
  const [a, b] = [
    await startScripted(...Array(2000).fill(503)),
    await startScripted(...Array(2000).fill(503)),
  ]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: b.url },
  ]
  const spec = {
    retry: { attempts: 3, backoff: '1ms' },
    retryBudget: { percent: 20, minPerSecond: 0 },
    upstreams,
  }
  const clock = new FakeClock()
  const relay = open(await startRelay({ r: spec }, { clock }))
  const requests = 100
  const answers = Array.from({ length: requests }, () => ask(relay))
  await eventually(() => {
    clock.advance(1)
    expect(relay.observer.exchanges.length).toBe(requests)
  })
  await Promise.all(answers)
  const sent = a.received.length + b.received.length
  expect(sent).toBeGreaterThan(2 * requests)
  expect(sent).toBeLessThanOrEqual(2 * requests * 1.2)
  expect(relay.observer.policies.some(({ event }) => event === 'budgetSpent')).toBe(true)
})
