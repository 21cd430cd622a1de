import { expect, test } from 'vitest'
import { ask, json } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { startRelay } from '../../support/relay.ts'
import { startUpstream, unusedPort } from '../../support/upstream.ts'

const open = closing()

/** The envelope around one upstream that answers with these bytes. */
const envelopeOf = async (body: string | Buffer, headers: Record<string, string> = {}, status = 200) => {
  const upstream = open(
    await startUpstream((_received, response) => {
      response.writeHead(status, headers)
      response.end(body)
    }),
  )
  const upstreams = [{ name: 'a', url: upstream.url }]
  const relay = open(await startRelay({ r: { upstreams, response: { success: 'All', body: 'Envelope' } } }))
  return { relay, answer: await ask(relay), upstream }
}

const jsonType = { 'content-type': 'application/json; charset=utf-8' }

test('has the documented shape', async () => {
  const b = open(await startUpstream((_r, response) => response.writeHead(503).end('busy')))
  const upstreams = [
    { name: 'a', url: `http://127.0.0.1:${await unusedPort()}`, role: 'Optional' },
    { name: 'b', url: b.url },
  ]
  const relay = open(await startRelay({ r: { upstreams } }))
  const answer = await ask(relay, { headers: { 'x-request-id': 'id-1' } })
  expect(answer.header('content-type')).toBe('application/json')
  expect(json(answer)).toEqual({
    route: 'default/r',
    requestId: 'id-1',
    status: 'failed',
    results: {
      a: {
        role: 'Optional',
        outcome: 'failure',
        error: 'connection_refused',
        attempts: 1,
        durationMs: expect.any(Number),
      },
      b: {
        role: 'Required',
        outcome: 'failure',
        status: 503,
        error: 'http_status',
        attempts: 1,
        durationMs: expect.any(Number),
        body: 'busy',
      },
    },
  })
})

test.each([
  '12345678901234567890',
  '{"id":12345678901234567890,"price":1.0}',
  '[1e400, -0, 0.1000]',
  ' { "spaces" : "kept" } ',
  '{"__proto__":{"admin":true},"constructor":1}',
  '{"a":1,"a":2}',
  '"text"',
  'null',
])('embeds JSON byte for byte: %s', async body => {
  const { answer } = await envelopeOf(body, jsonType)
  expect(answer.body.toString()).toContain(`"body":${body}}`)
  expect(({} as { admin?: true }).admin).toBeUndefined()
})

test('embeds the +json family as JSON', async () => {
  const { answer } = await envelopeOf('{"title":"x"}', { 'content-type': 'application/problem+json' })
  expect(json(answer).results.a.body).toEqual({ title: 'x' })
})

test.each([
  ['text', 'Grüße, "quoted"\n\u0000', { 'content-type': 'text/plain' }],
  ['JSON of another type', '{"a":1}', { 'content-type': 'text/plain' }],
  ['JSON of no type', '{"a":1}', {}],
  ['what only claims to be JSON', '{"a":', jsonType],
  ['JSON followed by more', '{"a":1},"role":"x"', jsonType],
  ['a type that merely contains json', '{"a":1}', { 'content-type': 'application/jsonp' }],
])('embeds %s as a string', async (_what, body, headers) => {
  const { answer } = await envelopeOf(body, headers)
  expect(json(answer).results.a).toMatchObject({ body, outcome: 'success' })
  expect(json(answer).results.a).not.toHaveProperty('encoding')
})

test('embeds other bytes as base64 and says so', async () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80])
  const { answer } = await envelopeOf(bytes, jsonType)
  expect(json(answer).results.a).toMatchObject({ encoding: 'base64', body: bytes.toString('base64') })
})

test.each([200, 204, 304, 404])('a %d without a body has no body member', async status => {
  const { answer } = await envelopeOf('', jsonType, status)
  expect(json(answer).results.a).toMatchObject({ status })
  expect(json(answer).results.a).not.toHaveProperty('body')
})

test('an answer over limits.maxBodySize fails its leg and keeps its status', async () => {
  const upstream = open(await startUpstream((_r, response) => response.end('x'.repeat(2000))))
  const upstreams = [
    { name: 'a', url: upstream.url },
    { name: 'b', url: upstream.url },
  ]
  const relay = open(await startRelay({ r: { upstreams, limits: { maxBodySize: '1k' } } }))
  const { results } = json(await ask(relay))
  expect(results.a).toMatchObject({ outcome: 'failure', status: 200, error: 'body_too_large' })
  expect(results.a).not.toHaveProperty('body')
})

test('does not ask upstreams for codings it could not read', async () => {
  const { upstream, relay } = await envelopeOf('{}', jsonType)
  await ask(relay, { headers: { 'accept-encoding': 'gzip' } })
  expect(upstream.received.at(-1)!.header('accept-encoding')).toBeUndefined()
})

test('answers HEAD with the head of the envelope alone', async () => {
  const { relay } = await envelopeOf('{"a":1}', jsonType)
  const answer = await ask(relay, { method: 'HEAD' })
  expect(answer.status).toBe(200)
  expect(answer.header('content-type')).toBe('application/json')
  expect(answer.rest.length).toBe(0)
})
