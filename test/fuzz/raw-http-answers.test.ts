import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { message } from '../conformance/harness.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient, type RawResponse } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { type RawUpstream, startRawUpstream } from '../support/upstream.ts'
import { fuzzRuns, mutated } from './mutations.ts'

const runs = fuzzRuns(40)

/** Answers by number, which requests name in their path: callers at the same time do not disturb each other. */
const script = new Map<string, string>()
let upstream: RawUpstream
let relay: TestRelay
let count = 0

beforeAll(async () => {
  upstream = await startRawUpstream((socket, received) => {
    const path = received.slice(received.lastIndexOf('GET /') + 5)
    if (!path.endsWith('\r\n\r\n')) return
    socket.write(Buffer.from(script.get(path.split(' ')[0]!) ?? ok, 'latin1'))
    // An end makes every answer finite, as most do when nothing follows.
    if (script.has(path.split(' ')[0]!)) socket.end()
  })
  const upstreams = [{ name: 'a', url: upstream.url }]
  relay = await startRelay({ all: { timeouts: { request: '1s' }, upstreams } })
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
})

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const body = 'the whole of the body'
const seeds: readonly string[] = [
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nX-A: 1\r\n\r\n${body}`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n12\r\n whole of the body\r\n0\r\nX-T: 1\r\n\r\n`,
  `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  `HTTP/1.1 404 Not Found\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  'HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n',
]

const exchange = async (answer: string): Promise<RawResponse> => {
  const id = String(++count)
  script.set(id, answer)
  const client = await RawClient.connect(relay.port)
  try {
    return await client.send(message(`GET /${id} HTTP/1.1`)).response()
  } finally {
    client.close()
    script.delete(id)
  }
}

/** What a reader that believes only well-formed HTTP/1.1 makes of the answer; `undefined` when it would not. */
const strictBody = (answer: string): string | undefined => {
  const final = answer.replace(/^(?:HTTP\/1\.1 1[0-9]{2} .*?\r\n\r\n)+/s, '')
  const end = final.indexOf('\r\n\r\n')
  const head = final.slice(0, end).toLowerCase()
  const lengths = [...head.matchAll(/\r\ncontent-length:[ \t]*([0-9]+)[ \t]*(?=\r\n|$)/g)]
  if (/\r\ntransfer-encoding:/.test(head) || lengths.length !== 1) return undefined
  const length = Number(lengths[0]![1])
  const rest = final.slice(end + 4)
  return rest.length < length ? undefined : rest.slice(0, length)
}

describe('mutated answers', () => {
  it(
    'reach the caller whole, broken off or as a refusal, and never as something else',
    async () => {
      const answers = fc.array(fc.constantFrom(...seeds).chain(mutated), { minLength: 1, maxLength: 12 })
      const check = fc.asyncProperty(answers, async sent => {
        const got = await Promise.all(sent.map(exchange))
        got.forEach((response, i) => {
          const { status, complete } = response
          const length = response.header('content-length')
          // A length that was passed on is that of the body, or the message does not end clean.
          if (complete && length !== undefined && status !== 204 && status !== 304)
            expect(response.body.length).toBe(Number(length))
          const whole = strictBody(sent[i]!)
          const passed = status < 500 && complete && length !== undefined && status !== 204 && status !== 304
          if (passed && whole !== undefined) expect(response.body.toString('latin1')).toBe(whole)
          expect(response.headers.map(([name]) => name.toLowerCase())).not.toContain('x-t')
        })
        await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
        expect([relay.budget.inFlight, relay.budget.bufferedBytes]).toEqual([0, 0])
        expect(relay.observer.defects).toEqual([])
        expect(relay.observer.legs.filter(({ error }) => error === 'relay_internal')).toEqual([])
        const next = await exchange(ok)
        expect([next.status, next.body.toString(), next.complete]).toEqual([200, 'ok', true])
      })
      await fc.assert(check, { numRuns: runs })
    },
    20_000 + runs * 2_000,
  )

  it('that are cut at any byte never end clean before their end', async () => {
    for (const seed of seeds.slice(0, 4)) {
      const cuts = Array.from({ length: seed.length - 1 }, (_, i) => seed.slice(0, i + 1))
      const got = await Promise.all(cuts.map(exchange))
      got.forEach((response, i) => {
        // Only the trailer section of the chunked one may still be missing when all of the body is there.
        const what = `cut after ${i + 1} bytes of ${seed}: ${response.status}`
        if (response.status === 502) expect(response.complete, what).toBe(true)
        else expect(response.complete, what).toBe(false)
      })
    }
  })
})
