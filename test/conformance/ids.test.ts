import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw, type RawResponse } from '../support/raw-client.ts'
import type { TestRelay } from '../support/relay.ts'
import { type Received, startUpstream, type Upstream } from '../support/upstream.ts'
import { message, problemOf, relayTo, valuesOf } from './harness.ts'

let upstream: Upstream
let relay: TestRelay

beforeAll(async () => {
  upstream = await startUpstream((_received, response) => {
    response.writeHead(200, { 'X-Request-Id': 'the-upstreams-own', 'X-FanOut-Status': 'made-up' })
    response.end()
  })
  relay = await relayTo(upstream.url)
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
})

const exchange = async (...fields: string[]): Promise<{ answer: RawResponse; received: Received }> => {
  const answer = await exchangeRaw(relay.port, message('GET / HTTP/1.1', fields))
  expect(answer.status).toBe(200)
  return { answer, received: upstream.received.at(-1)! }
}

describe('H35 X-Request-Id', () => {
  it.each(['abc', '3f2a-77_b.c:~/+=@', 'a'.repeat(128)])('of the caller is kept: %s', async id => {
    const { answer, received } = await exchange(`X-Request-Id: ${id}`)
    expect(valuesOf(received.rawHeaders, 'x-request-id')).toEqual([id])
    expect(answer.all('x-request-id')).toEqual([id])
  })

  it.each(['', 'a b', 'a"b', 'a<b', 'é', '{}', 'a'.repeat(129)])('is replaced when it is %j', async id => {
    const { answer, received } = await exchange(`X-Request-Id: ${id}`)
    const [sent] = valuesOf(received.rawHeaders, 'x-request-id')
    expect(sent).toMatch(/^[0-9a-f]{16}-[0-9a-z]+$/)
    expect(answer.all('x-request-id')).toEqual([sent])
  })

  it('is made, and made anew, for requests without one', async () => {
    const first = await exchange()
    const second = await exchange()
    expect(first.answer.header('x-request-id')).toMatch(/^[0-9a-f]{16}-[0-9a-z]+$/)
    expect(second.answer.header('x-request-id')).not.toBe(first.answer.header('x-request-id'))
    expect(first.answer.all('x-fanout-status')).toEqual(['success'])
  })

  it('is in refusals, header and document', async () => {
    const answer = await exchangeRaw(relay.port, message('TRACE / HTTP/1.1', ['X-Request-Id: abc']))
    expect(answer.header('x-request-id')).toBe('abc')
    expect(problemOf(answer)).toMatchObject({ requestId: 'abc' })
  })
})

describe('H35 traceparent', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const valid = `00-${trace}-00f067aa0ba902b7-01`

  it.each([valid, `cc-${trace}-00f067aa0ba902b7-01-what-the-future-will-be-like`])(
    '%s passes',
    async parent => {
      const { received } = await exchange(`traceparent: ${parent}`, 'tracestate: a=1', 'TraceState: b=2')
      expect(valuesOf(received.rawHeaders, 'traceparent')).toEqual([parent])
      expect(valuesOf(received.rawHeaders, 'tracestate')).toEqual(['a=1,b=2'])
    },
  )

  it.each([
    ['empty', ''],
    ['not a traceparent', 'hello'],
    ['of the forbidden version', `ff-${trace}-00f067aa0ba902b7-01`],
    ['of version 00 with a fifth part', `${valid}-x`],
    ['of version 00 with a fifth part that is empty', `${valid}-`],
    ['in upper case', valid.toUpperCase()],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['with a parent id of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['too short', valid.slice(0, -1)],
    ['too long', `${valid}0`],
  ])('that is %s restarts the trace: neither it nor tracestate is sent on', async (_what, parent) => {
    const { received } = await exchange(`traceparent: ${parent}`, 'tracestate: a=1')
    expect(valuesOf(received.rawHeaders, 'traceparent')).toEqual([])
    expect(valuesOf(received.rawHeaders, 'tracestate')).toEqual([])
  })

  it('sent twice restarts the trace', async () => {
    const { received } = await exchange(`traceparent: ${valid}`, `traceparent: ${valid}`)
    expect(valuesOf(received.rawHeaders, 'traceparent')).toEqual([])
  })

  it('keeps its tracestate up to 512 characters', async () => {
    const { received } = await exchange(`traceparent: ${valid}`, `tracestate: a=${'b'.repeat(511)}`)
    expect(valuesOf(received.rawHeaders, 'traceparent')).toEqual([valid])
    expect(valuesOf(received.rawHeaders, 'tracestate')).toEqual([])
  })
})
