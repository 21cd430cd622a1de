import { describe, expect, test } from 'vitest'
import { accessLines } from '../support/access-lines.ts'
import { type Ask, ask, json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startUpstream } from '../support/upstream.ts'

const open = closing()

const start = async () => {
  const { lines, accessLog } = accessLines()
  const a = open(await startUpstream())
  const specs = {
    good: { matches: [{ path: { value: '/good' } }], upstreams: [{ name: 'a', url: a.url }] },
    bad: { matches: [{ path: { value: '/bad' } }], upstreams: [{ name: 'a' }] },
  }
  return { lines, relay: open(await startRelay(specs, { accessLog, valid: false })) }
}

test.each([
  ['no route', '/none', 404, 'unmatched', ''],
  ['an invalid route', '/bad', 503, 'rejected', 'default/bad'],
  ['a path that is refused', '/good/%2e%2e/x', 400, 'rejected', ''],
])('a request with %s has its line in the access log, and its id in the answer', async (...row) => {
  const [, path, status, outcome, route] = row
  const { lines, relay } = await start()
  const answer = await ask(relay, { path, headers: { 'x-request-id': 'mine-1' } })
  expect(answer.status).toBe(status)
  const { requestId, code } = json(answer)
  expect(answer.header('x-request-id')).toBe(requestId)
  expect(requestId).toBe('mine-1')
  await eventually(() => expect(lines).toMatchObject([{ requestId, status, outcome, code, route }]))
})

test('what is not HTTP at all is counted', async () => {
  const { relay } = await start()
  const answer = await exchangeRaw(relay.port, 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(answer.status).toBe(400)
  expect(relay.observer.exchanges).toMatchObject([{ route: '', status: 400, outcome: 'rejected' }])
})

describe('Proxy-Status of what the relay refuses', () => {
  const route = (name: string, upstream: string, more: object) => ({
    matches: [{ path: { value: `/${name}` } }],
    upstreams: [{ name: 'a', url: upstream }],
    ...more,
  })

  test.each<[status: number, error: string, request: Ask, again?: Ask]>([
    [400, 'http_request_error', { path: '/a/%2e%2e/x' }],
    [400, 'http_request_error', { ...post('/keyed', '""') }],
    [404, 'http_request_error', { path: '/none' }],
    [405, 'http_request_error', { method: 'TRACE' }],
    [409, 'http_request_error', post('/held', 'k'), post('/held', 'k')],
    [422, 'http_request_error', post('/keyed', 'k'), { ...post('/keyed', 'k'), body: 'other' }],
    [413, 'body_too_large', { method: 'POST', path: '/small', body: 'too long' }],
    [429, 'rate_limited', { path: '/spent' }, { path: '/spent' }],
    [503, 'route_invalid', { path: '/bad' }],
  ])('%i: %s', async (status, error, first, second) => {
    const held = gate()
    const a = open(
      await startUpstream(({ url }, response) => {
        if (url === '/held') void held.passed.then(() => response.end())
        else response.end()
      }),
    )
    const specs = {
      keyed: route('keyed', a.url, { idempotencyKey: {} }),
      held: route('held', a.url, { idempotencyKey: {} }),
      small: route('small', a.url, { limits: { maxBodySize: '4' } }),
      spent: route('spent', a.url, { rateLimit: { requests: 1, interval: '1h' } }),
      bad: route('bad', a.url, { upstreams: [{ name: 'a' }] }),
    }
    const relay = open(await startRelay(specs, { valid: false }))
    const before = ask(relay, first)
    if (second) await eventually(() => expect(a.received).toHaveLength(1))
    const answer = second ? await ask(relay, second) : await before
    held.open()
    await before
    expect([answer.status, answer.all('proxy-status')]).toEqual([status, [`fanout-relay; error=${error}`]])
    expect(answer.header('x-request-id')).toBe(json(answer).requestId)
  })
})

function post(path: string, key: string): Ask {
  return { method: 'POST', path, headers: { 'idempotency-key': key }, body: 'x' }
}
