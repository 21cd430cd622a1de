import { describe, expect, test } from 'vitest'
import { ask, json } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { startRelay } from '../../support/relay.ts'
import { startUpstream, unusedPort } from '../../support/upstream.ts'

const open = closing()

const answering = (name: string, status: number) =>
  startUpstream((_received, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-from': name })
    response.end(JSON.stringify({ [name]: status }))
  })

interface Case {
  readonly response: object
  /** Statuses of a, b and c; 0 = nobody listens there. */
  readonly legs: readonly number[]
  readonly optional?: readonly string[]
  readonly status: number
  readonly whole: 'success' | 'partial_success' | 'failed'
  /** Whose answer is passed on. */
  readonly from?: string
}

const run = async ({ response, legs, optional = [] }: Case) => {
  const upstreams = []
  for (const [i, status] of legs.entries()) {
    const name = 'abc'[i]!
    const port = status === 0 ? await unusedPort() : open(await answering(name, status)).port
    const role = optional.includes(name) ? 'Optional' : 'Required'
    upstreams.push({ name, role, url: `http://127.0.0.1:${port}` })
  }
  const relay = open(await startRelay({ r: { upstreams, response } }))
  const answer = await ask(relay)
  return { relay, answer }
}

const check = async (case_: Case) => {
  const { relay, answer } = await run(case_)
  expect([answer.status, answer.header('x-fanout-status')]).toEqual([case_.status, case_.whole])
  if (case_.from) expect(answer.header('x-from')).toBe(case_.from)
  else expect(answer.header('x-from')).toBeUndefined()
  const outcome = case_.whole === 'partial_success' ? 'partial' : case_.whole
  expect(relay.observer.exchanges).toMatchObject([{ status: case_.status, outcome }])
  return answer
}

describe('Envelope', () => {
  const cases: readonly Case[] = [
    { response: { success: 'All' }, legs: [200, 201], status: 200, whole: 'success' },
    { response: { success: 'All' }, legs: [200, 301], status: 200, whole: 'success' },
    { response: { success: 'All' }, legs: [200, 500], status: 502, whole: 'failed' },
    { response: { success: 'All' }, legs: [200, 0], status: 502, whole: 'failed' },
    {
      response: { success: 'All' },
      legs: [200, 500],
      optional: ['b'],
      status: 207,
      whole: 'partial_success',
    },
    { response: { success: 'Any' }, legs: [500, 200], status: 207, whole: 'partial_success' },
    { response: { success: 'Any' }, legs: [500, 404], status: 502, whole: 'failed' },
    { response: { success: 'Any' }, legs: [200, 200], status: 200, whole: 'success' },
    {
      response: { success: 'Quorum', quorum: 2 },
      legs: [200, 500, 200],
      status: 207,
      whole: 'partial_success',
    },
    { response: { success: 'Quorum', quorum: 2 }, legs: [200, 500, 500], status: 502, whole: 'failed' },
    { response: { success: 'Quorum', quorum: 2 }, legs: [200, 200, 200], status: 200, whole: 'success' },
    {
      response: { success: 'Primary', from: 'a', body: 'Envelope' },
      legs: [200, 500],
      status: 207,
      whole: 'partial_success',
    },
    {
      response: { success: 'Primary', from: 'a', body: 'Envelope' },
      legs: [500, 200],
      status: 502,
      whole: 'failed',
    },
    { response: { success: 'First', body: 'Envelope' }, legs: [500, 500], status: 502, whole: 'failed' },
    {
      response: { success: 'All', statuses: { success: 202, partial: 210, failed: 418 } },
      legs: [200, 200],
      status: 202,
      whole: 'success',
    },
    {
      response: { success: 'Any', statuses: { success: 202, partial: 210, failed: 418 } },
      legs: [200, 500],
      status: 210,
      whole: 'partial_success',
    },
    {
      response: { success: 'All', statuses: { success: 202, partial: 210, failed: 418 } },
      legs: [200, 500],
      status: 418,
      whole: 'failed',
    },
  ]
  test.each(cases)('$response.success over $legs is $whole', async case_ => {
    const answer = await check(case_)
    expect(json(answer)).toMatchObject({ route: 'default/r', status: case_.whole })
    const { results } = json(answer)
    expect(Object.keys(results)).toEqual([...'abc'.slice(0, case_.legs.length)])
    for (const [i, status] of case_.legs.entries()) {
      const outcome = status > 0 && status < 400 ? 'success' : 'failure'
      expect(results['abc'[i]!]).toMatchObject({ outcome, attempts: 1 })
    }
  })
})

describe('the answer of one upstream', () => {
  const cases: readonly Case[] = [
    {
      response: { success: 'All', body: 'Upstream', from: 'b' },
      legs: [200, 201],
      status: 201,
      whole: 'success',
      from: 'b',
    },
    {
      response: { success: 'All', body: 'Upstream', from: 'b' },
      legs: [200, 503],
      status: 503,
      whole: 'failed',
      from: 'b',
    },
    {
      response: { success: 'All', body: 'Upstream', from: 'b' },
      legs: [404, 200],
      status: 404,
      whole: 'failed',
      from: 'a',
    },
    {
      response: { success: 'All', body: 'Upstream', from: 'a' },
      legs: [200, 500],
      optional: ['b'],
      status: 200,
      whole: 'success',
      from: 'a',
    },
    {
      response: { success: 'Any', body: 'Upstream', from: 'a' },
      legs: [500, 200],
      status: 200,
      whole: 'partial_success',
      from: 'b',
    },
    {
      response: { success: 'Any', body: 'Upstream', from: 'a' },
      legs: [500, 404],
      status: 500,
      whole: 'failed',
      from: 'a',
    },
    {
      response: { success: 'Quorum', quorum: 2, body: 'Upstream', from: 'c' },
      legs: [200, 500, 200],
      status: 200,
      whole: 'partial_success',
      from: 'c',
    },
    {
      response: { success: 'Primary', from: 'a' },
      legs: [503, 200],
      status: 503,
      whole: 'failed',
      from: 'a',
    },
    {
      response: { success: 'Primary', from: 'b' },
      legs: [200, 302],
      status: 302,
      whole: 'success',
      from: 'b',
    },
    { response: { success: 'First' }, legs: [500, 200], status: 200, whole: 'partial_success', from: 'b' },
  ]
  test.each(cases)('$response.success over $legs passes on $from', async case_ => {
    // A spare leg that has not ended yet does not show in the head, so partial and success are both right.
    const { relay, answer } = await run(case_)
    expect([answer.status, answer.header('x-from')]).toEqual([case_.status, case_.from])
    const whole = answer.header('x-fanout-status')
    if (case_.whole === 'failed') expect(whole).toBe('failed')
    else expect(['success', 'partial_success']).toContain(whole)
    expect(json(answer)).toEqual({ [case_.from!]: case_.status })
    expect(relay.observer.defects).toEqual([])
  })

  test.each([
    [{ success: 'All', body: 'Upstream', from: 'a' }, 502, 'connection_refused'],
    [{ success: 'Primary', from: 'a' }, 502, 'connection_refused'],
    [{ success: 'First' }, 502, 'connection_refused'],
    [{ success: 'All', body: 'Merge' }, 502, 'connection_refused'],
  ])('%o with nobody there is a problem document', async (response, status, code) => {
    const answer = await check({ response, legs: [0, 0], status, whole: 'failed' })
    expect(answer.header('content-type')).toBe('application/problem+json')
    expect(answer.header('proxy-status')).toBe(`fanout-relay; error=${code}`)
    expect(json(answer)).toMatchObject({ status, code, route: 'default/r', requestId: expect.any(String) })
    expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|ECONN/)
  })
})

test('every relayed answer names its request, its status and one timing a leg', async () => {
  const { relay, answer } = await run({
    response: { success: 'All' },
    legs: [200, 0],
    status: 502,
    whole: 'failed',
  })
  expect(answer.header('x-request-id')).toBe(json(answer).requestId)
  expect(answer.header('server-timing')).toMatch(/^a;dur=[0-9.]+, b;dur=[0-9.]+;desc="connection_refused"$/)
  const named = await ask(relay, { headers: { 'x-request-id': 'order-7' } })
  expect(named.all('x-request-id')).toEqual(['order-7'])
})
