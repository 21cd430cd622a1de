import { describe, expect, it } from 'vitest'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { rankMatches } from '../../src/plan/precedence.ts'
import { routeObject, snapshotOf } from './snapshot.ts'

const rank = (routes: readonly unknown[]) =>
  rankMatches(planRoutes(snapshotOf(routes)).plan).map(({ route }) => route.id.replace('shop/', ''))

const at = (path: string, type = 'PathPrefix') => ({ path: { type, value: path } })
const header = { name: 'x-a', value: '1' }
const route = (name: string, match: object, more: object = {}) =>
  routeObject(name, { matches: [match], ...more })

/** Each route wins by one rule over the next; names run against the order so that they decide nothing. */
const ordered = [
  route('z-host', at('/'), { hostnames: ['a.shop.local'] }),
  route('y-long-wildcard', at('/'), { hostnames: ['*.shop.local'] }),
  route('x-short-wildcard', at('/orders', 'Exact'), { hostnames: ['*.local'] }),
  route('w-exact', at('/o', 'Exact')),
  route('v-longer-prefix', at('/orders/items')),
  route('u-method', { method: 'GET', ...at('/orders') }),
  route('t-headers', { ...at('/orders'), headers: [header, { name: 'x-b', value: '1' }] }),
  route('s-header-and-query', {
    ...at('/orders'),
    headers: [header],
    queryParams: [{ name: 'q', value: '1' }],
  }),
  route('r-header', { ...at('/orders'), headers: [header] }),
  route('q-plain', at('/orders')),
  route('p-root', at('/')),
  route('o-long-pattern', at('/orders/[0-9]+', 'RegularExpression')),
  route('n-short-pattern', { method: 'GET', ...at('/.*', 'RegularExpression') }),
]
const names = ordered.map(({ metadata }) => metadata.name)

describe('precedence', () => {
  it('follows HTTPRoute, with hostnames first and regular expressions last', () => {
    expect(rank(ordered)).toEqual(names)
    expect(rank(ordered.toReversed())).toEqual(names)
  })

  it('prefers the older route, and the name when the age is the same or unknown', () => {
    const aged = (name: string, creationTimestamp?: string) => ({
      ...routeObject(name),
      metadata: { name, namespace: 'shop', creationTimestamp },
    })
    expect(rank([aged('a', '2026-02-01T00:00:00Z'), aged('b', '2026-01-01T00:00:00Z'), aged('c')])).toEqual([
      'b',
      'a',
      'c',
    ])
    expect(rank([aged('b'), aged('a')])).toEqual(['a', 'b'])
  })
})
