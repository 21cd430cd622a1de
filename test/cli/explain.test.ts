import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { cli, directoryWith, pipeWith, route } from './fixtures.ts'

const routes = () => directoryWith({ 'a.yaml': route('orders'), 'b.yaml': route('price') })

test('a request that a route takes is exit code 0, with the route and what would be sent', async () => {
  const { code, stdout, stderr } = await cli(['explain', 'POST', '/orders/1', routes()])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('default/orders')
  expect(stdout).toContain('http://127.0.0.1:9001')
})

test('routes may come through a pipe', async () => {
  const { code, stdout } = await cli(['explain', 'POST', '/orders', pipeWith(route('orders'))])
  expect([code, stdout]).toEqual([0, expect.stringContaining('default/orders')])
})

test('a request that none takes is exit code 1, with the nearest', async () => {
  const { code, stdout } = await cli(['explain', 'GET', '/orders', '-f', routes()])
  expect(code).toBe(1)
  expect(stdout).toContain('default/orders')
})

test('headers and host of the request count', async () => {
  const text = route('orders').replace(
    'method: POST,',
    'method: POST, headers: [{name: x-tenant, value: acme}],',
  )
  const directory = directoryWith({ 'a.yaml': text.replace('spec:', 'spec:\n  hostnames: [orders.local]') })
  const ask = (...more: string[]) => cli(['explain', 'POST', '/orders', directory, ...more])
  expect((await ask('-H', 'X-Tenant: acme', '--host', 'orders.local')).code).toBe(0)
  expect((await ask('-H', 'X-Tenant: acme')).code).toBe(1)
  expect((await ask('-H', 'X-Tenant: other', '--host', 'orders.local')).code).toBe(1)
})

test('-o json is the explanation as data', async () => {
  const { stdout } = await cli(['explain', 'POST', '/orders?a=1', routes(), '-o', 'json'])
  expect(JSON.parse(stdout)).toMatchObject({
    request: { method: 'POST', path: '/orders', query: '?a=1' },
    winner: { route: 'default/orders' },
  })
})

test('a file that cannot be read is mentioned: it may hold the route that is looked for', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders') })
  symlinkSync('nowhere.yaml', path.join(directory, 'b.yaml'))
  const { code, stderr } = await cli(['explain', 'POST', '/orders', directory])
  expect([code, stderr]).toEqual([0, expect.stringContaining('the files have 1 error')])
})

test('errors in the files are mentioned', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders'), 'b.yaml': 'a: [' })
  const { code, stderr } = await cli(['explain', 'POST', '/orders', directory])
  expect(code).toBe(0)
  expect(stderr).toMatch(/1 error.*lint/)
})

test('a request that the relay answers before any route is asked is exit code 1 and says so', async () => {
  const { code, stdout } = await cli(['explain', 'TRACE', '/orders', routes()])
  expect(code).toBe(1)
  expect(stdout).toContain(
    'refused with 405 before any route is asked: TRACE is not relayed: it would echo credentials.',
  )
})

test('the authority of an absolute target is the host, and a Host header is one as well', async () => {
  const text = route('orders').replace('spec:', 'spec:\n  hostnames: [orders.local]')
  const directory = directoryWith({ 'a.yaml': text })
  const ask = (target: string, ...more: string[]) => cli(['explain', 'POST', target, directory, ...more])
  expect((await ask('http://orders.local/orders')).code).toBe(0)
  expect((await ask('http://orders.local/orders', '--host', 'other')).code).toBe(0)
  expect((await ask('http://other/orders', '--host', 'orders.local')).code).toBe(1)
  expect((await ask('/orders', '-H', 'Host: orders.local:80')).code).toBe(0)
  expect((await ask('/orders')).stdout).toContain('host is not given, wanted orders.local')
})

test('the fields are named as they are in a route', async () => {
  const { stdout } = await cli(['explain', 'POST', '/orders', routes()])
  expect(stdout).toMatch(/^ {2}timeouts\.backendRequest +off/m)
  expect(stdout).toMatch(/^ {2}timeouts\.request +30s/m)
})

test('policies are shown with where they come from, and with what they make of one request', async () => {
  const text = route(
    'orders',
    '{name: a, url: http://127.0.0.1:9001, retry: {attempts: 1}, circuitBreaker: {}}',
  )
  const directory = directoryWith({
    'a.yaml': text.replace(
      'spec:',
      'spec:\n  retry: {backoff: 50ms}\n  idempotencyKey: {}\n  timeouts: {backendRequest: 1s}',
    ),
  })
  const { code, stdout } = await cli(['explain', 'POST', '/orders', directory])
  expect(code).toBe(0)
  expect(stdout).toContain('upstream requests: 1 to 2; longest time to an answer: 30s\n')
  expect(stdout).toContain('sustained, retries and hedges included: at most 1.2 x the first tries + 10/s\n')
  expect(stdout).toMatch(/^ {2}retry\.attempts +1 {2}\(spec\.upstreams\[0\]\.retry\.attempts\)$/m)
  expect(stdout).toMatch(/^ {2}retry\.backoff +50ms {2}\(spec\.retry\.backoff\)$/m)
  expect(stdout).toMatch(/^ {2}retry\.codes +502, 503, 504 {2}\(default\)$/m)
  expect(stdout).toMatch(/^ {2}circuitBreaker +opens at 5 .* \(spec\.upstreams\[0\]\.circuitBreaker\)$/m)
  expect(stdout).toMatch(/^ {2}retryBudget +20 % .* \(default\)$/m)
})

test('a key that the caller brings counts', async () => {
  const text = route('orders', '{name: a, url: http://127.0.0.1:9001, retry: {attempts: 3}}')
  const directory = directoryWith({ 'a.yaml': text })
  const ask = async (...more: string[]) =>
    (await cli(['explain', 'POST', '/orders', directory, ...more])).stdout
  expect(await ask()).toContain('upstream requests: 1;')
  expect(await ask('-H', 'Idempotency-Key: k-1')).toContain('upstream requests: 1 to 4;')
})

test.each([
  [['POST'], /needs a METHOD and a PATH/],
  [['post', '/orders', 'examples'], /no method "post"[\s\S]*case-sensitive[\s\S]*did you mean POST\?/],
  [['GET', '/orders', 'examples', '--host', 'a b'], /--host cannot be "a b"[\s\S]*a host name/],
  [['GET', '/orders', 'examples', '--host', 'http://a'], /--host cannot be "http:\/\/a"/],
  [['/orders', 'routes/'], /needs a METHOD and a PATH/],
  [['POST', '/orders', 'examples', '-H', 'nonsense'], /--header cannot be "nonsense"[\s\S]*NAME: VALUE/],
])('%j is a usage error', async (args, message) => {
  const { code, stderr } = await cli(['explain', ...args])
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
})
