import { expect, test } from 'vitest'
import { readRequest } from '../../src/cli/read-request.ts'
import { closing } from '../support/cleanup.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'

const close = closing()

/** What a relay answers to everything that reaches its only route. */
const routed = 503

/** What explain says, as a status. */
const statusOf = (method: string, path: string, headers: readonly (readonly [string, string])[]): number => {
  const read = readRequest({ method, path, host: 'relay.local', headers })
  if (!('refused' in read)) return routed
  if (read.refused.startsWith('answered by the relay itself')) return 404
  return Number(/with ([0-9]{3}) before any route is asked: ./.exec(read.refused)?.[1])
}

const none: readonly (readonly [string, string])[] = []

test.each([
  ['GET', '/orders', none],
  ['QUERY', '/orders', none],
  ['M-SEARCH', '/orders', none],
  ['FOO', '/orders', none],
  ['get', '/orders', none],
  ['TRACE', '/orders', none],
  ['TRACE', '/a/../b', none],
  ['CONNECT', 'a:443', none],
  ['CONNECT', '/orders', none],
  ['OPTIONS', '*', none],
  ['GET', '*', none],
  ['OPTIONS', '/orders', none],
  ['OPTIONS', '/orders', [['Max-Forwards', '0']]],
  ['GET', 'http://other/orders', none],
  ['GET', 'http://other', none],
  ['GET', 'http://a,b/orders', none],
  ['GET', 'ftp://other/orders', none],
  ['GET', 'orders', none],
  ['GET', '/or ders', none],
  ['GET', '/ördérs', none],
  ['GET', '/orders\u007f', none],
  ['GET', '/"<|>{^}`', none],
  ['GET', '/a/./b', none],
  ['GET', '/a/%2e%2E/b', none],
  ['GET', '/a/..;/b', none],
  ['GET', '/a%2f..%2fb', none],
  ['GET', '/a\\b', none],
  ['GET', '/a%00', none],
  ['GET', '/a#b', none],
  ['GET', '/a?b#c', none],
  ['GET', '/a?b=../..', none],
  ['GET', '/-/fanout', none],
  ['GET', '/-/fanout?a', none],
  ['GET', '/-/fanout/x', none],
  ['GET', '/-/fanout/../x', none],
  ['GET', '/-/fanoutx', none],
  ['GET', 'http://other/-/fanout/x', none],
  ['GET', '/orders', [['Host', 'second']]],
  ['GET', '/orders', [['Connection', 'cookie']]],
  ['GET', '/orders', [['Transfer-Encoding', 'gzip, chunked']]],
] as const)('explain and the relay agree about %s %s %j', async (method, path, headers) => {
  const relay = close(await startRelay({ all: { upstreams: [] } }, { valid: false }))
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: relay.local', ...headers.map(pair => pair.join(': '))]
  const answer = await exchangeRaw(relay.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), method)
  expect(statusOf(method, path, headers)).toBe(answer.status)
})

test('what is left for the routes is what the relay compares with', () => {
  const read = readRequest({
    method: 'GET',
    path: 'http://Orders.local:80/price/1?a=b',
    host: 'other',
    headers: [
      ['X-Tenant', 'acme'],
      ['Connection', 'x-secret'],
      ['X-Secret', '1'],
      ['X-FanOut-Role', 'shadow'],
    ],
  })
  expect(read).toMatchObject({ method: 'GET', path: '/price/1?a=b', host: 'Orders.local:80' })
  const names = 'headers' in read ? read.headers?.map(([name]) => name.toLowerCase()) : []
  expect(names).toContain('x-tenant')
  expect(names).not.toContain('x-secret')
  expect(names).not.toContain('x-fanout-role')
})
