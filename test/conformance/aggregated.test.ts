import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw, type RawResponse } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { message, problemOf, type ScriptedUpstream, startScripted } from './harness.ts'

let one: ScriptedUpstream
let two: ScriptedUpstream
let relay: TestRelay

beforeAll(async () => {
  one = await startScripted()
  two = await startScripted()
  const upstreams = [
    { name: 'one', url: one.url },
    { name: 'two', url: two.url },
  ]
  const at = (value: string, response: object) => ({ matches: [{ path: { value } }], upstreams, response })
  relay = await startRelay({
    envelope: at('/envelope', { success: 'All', body: 'Envelope' }),
    merge: at('/merge', { success: 'All', body: 'Merge' }),
    upstream: at('/upstream', { success: 'All', body: 'Upstream', from: 'one' }),
  })
})
afterAll(async () => {
  await relay.close()
  await one.close()
  await two.close()
})

const reply = (json: string): string =>
  `HTTP/1.1 200 OK\r\n${[
    'Content-Type: application/json',
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    'ETag: "a"',
    'Cache-Control: public',
    'Connection: X-Hop',
    'X-Hop: 1',
    'X-Internal: 10.0.0.1',
    `Content-Length: ${json.length}`,
  ].join('\r\n')}\r\n\r\n${json}`

const get = async (path: string): Promise<RawResponse> => {
  one.answer(reply('{"a":1}'))
  two.answer(reply('{"b":2}'))
  return exchangeRaw(relay.port, message(`GET ${path} HTTP/1.1`, ['Accept-Encoding: gzip']))
}

describe('H31 an answer made of several', () => {
  it.each(['/envelope', '/merge'])('%s has fields of its own and none of an upstream', async path => {
    const answer = await get(path)
    const names = answer.headers.map(([name]) => name.toLowerCase()).sort()
    expect(names).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
      'server-timing',
      'x-fanout-status',
      'x-request-id',
    ])
    expect(answer.header('content-type')).toBe('application/json')
    expect(answer.header('content-length')).toBe(String(answer.body.length))
  })

  it('asks upstreams for plain bytes when the relay is to read them, and only then', async () => {
    await get('/envelope')
    expect(one.received.join('')).not.toMatch(/accept-encoding/i)
    await get('/upstream')
    expect(one.received.join('')).toMatch(/accept-encoding: gzip/i)
  })

  it('passes the end-to-end fields of the one upstream whose body it is', async () => {
    const answer = await get('/upstream')
    expect(answer.body.toString()).toBe('{"a":1}')
    expect(answer.all('set-cookie')).toEqual(['a=1', 'b=2'])
    expect([answer.header('etag'), answer.header('x-hop')]).toEqual(['"a"', undefined])
  })

  it.each(['/envelope', '/merge', '/upstream'])(
    '%s takes nothing of an answer that cannot be believed',
    async path => {
      one.answer(reply('{"a":1}'))
      two.answer(
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      )
      const answer = await exchangeRaw(relay.port, message(`GET ${path} HTTP/1.1`))
      expect([answer.status, answer.header('x-fanout-status')]).toEqual([502, 'failed'])
      expect(answer.body.toString()).toContain('http_protocol_error')
      expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|node_modules|undici|llhttp/)
      if (path !== '/envelope') expect(problemOf(answer).code).toBe('http_protocol_error')
    },
  )
})
