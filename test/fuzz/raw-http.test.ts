import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { message } from '../conformance/harness.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { fuzzRuns, mutated } from './mutations.ts'

const runs = fuzzRuns(40)
/** A status that the relay never makes itself: it tells an upstream's answer from a refusal. */
const relayed = 203
const legs = ['primary', 'second', 'shadow'] as const

let upstreams: Upstream[]
let relay: TestRelay

beforeAll(async () => {
  upstreams = await Promise.all(
    legs.map(() =>
      startUpstream((_received, response) => {
        response.writeHead(relayed, { 'Content-Length': '2' }).end('ok')
      }),
    ),
  )
  const leg = (i: number, role: string) => ({ name: legs[i]!, url: upstreams[i]!.url, role })
  relay = await startRelay({
    all: {
      timeouts: { request: '500ms' },
      limits: { maxBodySize: '2Ki' },
      upstreams: [leg(0, 'Required'), leg(1, 'Optional'), leg(2, 'Shadow')],
      response: { success: 'Primary', from: 'primary', body: 'Upstream' },
    },
  })
})
afterAll(async () => {
  await relay.close()
  await Promise.all(upstreams.map(upstream => upstream.close()))
})

const seeds: readonly string[] = [
  message('GET /a?b=c HTTP/1.1', ['Accept: */*', 'X-A: 1']),
  message('POST /orders HTTP/1.1', ['Content-Length: 11'], '{"order":1}'),
  message(
    'POST /orders HTTP/1.1',
    ['Transfer-Encoding: chunked'],
    '5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nX-T: 1\r\n\r\n',
  ),
  message('PUT /a HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 2'], 'hi'),
  message('HEAD / HTTP/1.1', ['Connection: keep-alive, X-Hop', 'X-Hop: 1']),
  message('DELETE http://a.example/b HTTP/1.1', ['Cookie: a=1', 'Cookie: b=2']),
  message('OPTIONS * HTTP/1.1', ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AA']),
  message('GET /x HTTP/1.0', ['Connection: keep-alive']),
  message('POST /z HTTP/1.1', ['Content-Length: 0', 'X-Request-Id: abc', 'Via: 1.1 a']),
]
const last = message('GET /last HTTP/1.1', ['Connection: close'])

/** What one caller sends: some requests, damaged, and an end that closes the connection if it is understood. */
const connection = fc
  .array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 4 })
  .chain(parts => mutated(parts.join('')))
  .map(bytes => bytes + last)

const statusesOf = async (bytes: string): Promise<number[]> => {
  const client = await RawClient.connect(relay.port)
  client.send(bytes)
  // Some are still waiting for the rest of a message; the route's timeout has ended them by then.
  await client.untilClosed(800).catch(() => client.close())
  const answers = client.received.toString('latin1').matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)
  return [...answers].map(([, status]) => Number(status))
}

describe('mutated requests', () => {
  it(
    'make one attempt on every leg for each that is relayed, and none for any other',
    async () => {
      // Several callers at a time: some must be waited for.
      const callers = fc.array(connection, { minLength: 1, maxLength: 12 })
      const check = fc.asyncProperty(callers, async sent => {
        const attempts = relay.observer.legs.length
        const received = upstreams.map(upstream => upstream.received.length)
        const statuses = (await Promise.all(sent.map(statusesOf))).flat()
        await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
        const expected = statuses.filter(status => status === relayed).length
        expect(relay.observer.legs.length - attempts, `attempts for ${statuses}`).toBe(expected * legs.length)
        const counts = upstreams.map((upstream, i) => upstream.received.length - received[i]!)
        expect(counts, 'requests received').toEqual(legs.map(() => expected))
        expect([relay.budget.inFlight, relay.budget.bufferedBytes]).toEqual([0, 0])
        expect(relay.observer.defects).toEqual([])
      })
      await fc.assert(check, { numRuns: runs })
      expect(await statusesOf(last)).toEqual([relayed])
    },
    20_000 + runs * 2_000,
  )
})
