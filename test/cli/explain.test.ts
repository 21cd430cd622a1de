import { expect, test } from 'vitest'
import { cli, directoryWith, route } from './fixtures.ts'

const routes = () => directoryWith({ 'a.yaml': route('orders'), 'b.yaml': route('price') })

test('a request that a route takes is exit code 0, with the route and what would be sent', async () => {
  const { code, stdout, stderr } = await cli(['explain', 'POST', '/orders/1', routes()])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('default/orders')
  expect(stdout).toContain('http://127.0.0.1:9001')
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

test('errors in the files are mentioned', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders'), 'b.yaml': 'a: [' })
  const { code, stderr } = await cli(['explain', 'POST', '/orders', directory])
  expect(code).toBe(0)
  expect(stderr).toMatch(/1 error.*lint/)
})

test.each([
  [['POST'], /needs a METHOD and a PATH/],
  [['/orders', 'routes/'], /needs a METHOD and a PATH/],
  [['POST', '/orders', 'examples', '-H', 'nonsense'], /--header cannot be "nonsense"[\s\S]*NAME: VALUE/],
])('%j is a usage error', async (args, message) => {
  const { code, stderr } = await cli(['explain', ...args])
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
})
