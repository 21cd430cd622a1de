import { expect, test } from 'vitest'
import { ask, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startUpstream } from '../support/upstream.ts'

const open = closing()

/** HEAD is answered as RFC 9110 §9.3.2 has it: with the length and the coding of what GET would get. */
const startSized = async () =>
  open(
    await startUpstream((request, response) => {
      const isHead = request.method === 'HEAD'
      response.writeHead(200, { 'content-length': '60', ...(isHead && { 'content-encoding': 'gzip' }) })
      response.end(isHead ? undefined : 'x'.repeat(60))
    }),
  )

test.each([
  ['Primary', {}],
  ['First', { response: { success: 'First' } }],
  ['All with the upstream’s body', { response: { success: 'All', from: 'a', body: 'Upstream' } }],
  ['Primary, with idempotency keys', { idempotencyKey: { generate: true } }],
])(
  'an answer to a leg’s own HEAD has no body, and says so to a caller that asked otherwise: %s',
  async (_, more) => {
    const a = await startSized()
    const upstreams = [{ name: 'a', url: a.url, request: { method: 'HEAD' } }]
    const relay = open(await startRelay({ r: { upstreams, ...more } }))
    const client = open(await RawClient.connect(relay.port))
    client.send(Buffer.concat([requestBytes({ path: '/1' }), requestBytes({ method: 'POST', body: '2' })]))
    for (let answers = 0; answers < 2; answers++) {
      const { status, headers, body } = await client.response()
      expect([status, body.length]).toEqual([200, 0])
      const ofBody = headers.filter(([name]) => /^content-(length|encoding)$/i.test(name))
      expect(ofBody).toEqual([['Content-Length', '0']])
    }
  },
)

test('a caller’s HEAD gets the length that the upstream names, whatever the method of the leg', async () => {
  const a = await startSized()
  const specs = (method: string) => ({
    matches: [{ path: { value: `/${method}` } }],
    upstreams: [{ name: 'a', url: a.url, request: { method } }],
  })
  const relay = open(await startRelay({ head: specs('HEAD'), get: specs('GET') }))
  for (const path of ['/HEAD', '/GET'])
    expect((await ask(relay, { method: 'HEAD', path })).header('content-length')).toBe('60')
})

test.each(['Envelope', 'Merge'])('HEAD is told no length of what %s would have made of GET', async body => {
  const a = await startSized()
  const legs = ['a', 'b'].map(name => ({ name, url: a.url }))
  const relay = open(await startRelay({ r: { upstreams: legs, response: { body } } }))
  const client = open(await RawClient.connect(relay.port))
  client.send(Buffer.concat([requestBytes({ method: 'HEAD' }), requestBytes()]))
  const head = await client.response({ method: 'HEAD' })
  expect([head.status, head.header('content-length'), head.header('transfer-encoding')]).toEqual([
    200,
    undefined,
    undefined,
  ])
  expect((await client.response()).header('content-length')).toMatch(/^[1-9]/)
})
