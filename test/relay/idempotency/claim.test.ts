import { expect, test } from 'vitest'
import type { Tracing } from '../../../src/core/observer.ts'
import { ask, json } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { startUpstream } from '../../support/upstream.ts'

const open = closing()

const order = { method: 'POST', headers: { 'idempotency-key': 'k' }, body: '{"n":1}' }

/** What became of the answers, in order. */
const results = ({ observer }: TestRelay) =>
  observer.policies.filter(({ event }) => event === 'idempotency').map(({ detail }) => detail)

/** An SDK that throws when it is told of the first attempt to this upstream. */
const brokenOnceFor = (upstream: string): Tracing => {
  let isBroken = true
  const attempt = (about: { readonly upstream: string }) => {
    const isNow = isBroken && about.upstream === upstream
    if (isNow) isBroken = false
    if (isNow) throw new Error('boom')
    return { headers: [], end: () => {} }
  }
  return { fields: [], request: () => ({ traceparent: '', end: () => {}, attempt }) }
}

test('an answer in which the relay itself broke is not repeated: the request is sent again', async () => {
  const [a, b] = [open(await startUpstream()), open(await startUpstream())]
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', role: 'Optional', url: b.url },
  ]
  const relay = open(
    await startRelay({ r: { idempotencyKey: {}, upstreams } }, { tracing: brokenOnceFor('b') }),
  )
  const first = await ask(relay, order)
  expect([first.status, json(first).results.b.error]).toEqual([207, 'relay_internal'])
  const again = await ask(relay, order)
  expect([again.header('idempotent-replayed'), json(again).status]).toEqual([undefined, 'success'])
  expect([a.received.length, b.received.length]).toEqual([2, 1])
  expect(results(relay)).toEqual(['unstored', 'stored'])
})

test('an answer that is kept counts against the memory of the process: without room it is passed on alone', async () => {
  const a = open(await startUpstream((_received, response) => response.end(Buffer.alloc(150_000))))
  const spec = { idempotencyKey: {}, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { maxBufferedBytes: 100_000 }))
  for (let i = 0; i < 2; i++) {
    const answer = await ask(relay, order)
    expect([answer.status, answer.body.length, answer.header('idempotent-replayed')]).toEqual([
      200,
      150_000,
      undefined,
    ])
  }
  expect(results(relay)).toEqual(['unstored', 'unstored'])
})

test.each([408, 425, 429, 500])('an answer of %i is not final: the request is sent again', async status => {
  const a = open(await startUpstream((_received, response) => response.writeHead(status).end()))
  const spec = { idempotencyKey: {}, retry: { attempts: 0 }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }))
  for (let i = 0; i < 2; i++) expect((await ask(relay, order)).status).toBe(status)
  expect(a.received.length).toBe(2)
})
