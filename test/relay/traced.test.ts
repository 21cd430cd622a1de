import { expect, test } from 'vitest'
import type { Call, CallContext } from '../../src/core/call.ts'
import type { LegSpan, RequestSpan } from '../../src/core/observer.ts'
import { traced } from '../../src/relay/traced.ts'

const server = { address: '127.0.0.1', port: 80 }
const policy = traced({ upstream: 'a', role: 'Required', server, fields: ['traceparent'] })
const request = { method: 'GET', path: '/', headers: ['Traceparent', 'of the caller', 'a', 'b'], body: null }

const contextWith = (span: LegSpan): CallContext => {
  const trace: RequestSpan = { traceparent: '', attempt: () => span, end: () => {} }
  return { running: undefined, cancelled: undefined, attempts: 0, deadline: Infinity, trace }
}

test.each<[string, Call]>([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
])('a span does not stay open when what is further in %s', async (_how, broken) => {
  const ends: unknown[] = []
  const span = { headers: [], end: (...end: unknown[]) => ends.push(end) }
  await expect(policy(broken)(request, contextWith(span))).rejects.toThrow('broken')
  expect(ends).toEqual([[0, 'relay_internal']])
})

test("the span's own fields take the place of the caller's", async () => {
  const sent: unknown[] = []
  const next: Call = async ({ headers }) => {
    sent.push(headers)
    return { kind: 'failure', error: { token: 'connection_refused', detail: '' } }
  }
  await policy(next)(request, contextWith({ headers: ['traceparent', 'of the span'], end: () => {} }))
  expect(sent).toEqual([['a', 'b', 'traceparent', 'of the span']])
})
