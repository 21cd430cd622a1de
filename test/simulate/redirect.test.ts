import { expect, test } from 'vitest'
import { redirected } from '../../src/simulate/redirect.ts'
import { routeOf } from './support.ts'

const route = routeOf({
  upstreams: [
    { name: 'a', url: 'https://a.example:8443/x' },
    { name: 'b', url: 'http://b.example', request: { urlRewrite: { hostname: 'b.inner' } } },
  ],
})
const origins = new Map([
  ['a', 'http://127.0.0.1:1'],
  ['b', 'http://127.0.0.1:2'],
])

test('origins are replaced; hosts, paths and policies stay as they are', () => {
  const [planned] = redirected(route, origins).routes
  expect(planned).toEqual({
    ...route,
    legs: [
      { ...route.legs[0], origin: 'http://127.0.0.1:1', host: 'a.example:8443' },
      { ...route.legs[1], origin: 'http://127.0.0.1:2', host: 'b.inner' },
    ],
  })
})

test('a leg without a stand-in is refused: it would lead to its upstream', () => {
  expect(() => redirected(route, new Map([['a', 'http://127.0.0.1:1']]))).toThrow(/stands in for b/)
})
