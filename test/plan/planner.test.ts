import { expect, test } from 'vitest'
import { apiVersion, kind } from '../../src/api/names.ts'
import type { RouteResource, RouteSnapshot } from '../../src/api/snapshot.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { createPlanner } from '../../src/plan/planner.ts'

const resource = (name: string, upstream: object): RouteResource => ({
  id: `default/${name}`,
  namespace: 'default',
  name,
  object: {
    apiVersion,
    kind,
    metadata: { name },
    spec: { matches: [{ path: { value: `/${name}` } }], upstreams: [{ name: 'a', ...upstream }] },
  },
})

const snapshot = (
  routes: readonly RouteResource[],
  backends: Record<string, string> = {},
): RouteSnapshot => ({
  routes,
  backends: new Map(Object.entries(backends)),
  problems: [],
})

const a = resource('a', { url: 'http://a' })
const b = resource('b', { url: 'http://b' })

test('plans what planRoutes plans, snapshot after snapshot', () => {
  const plan = createPlanner()
  const changed = resource('b', { url: 'http://b2' })
  const first = planRoutes(snapshot([a, b]))
  expect(plan(snapshot([a, b]))).toEqual(first)
  expect(plan(snapshot([a, b]))).toEqual(first)
  expect(plan(snapshot([a, changed]))).toEqual(planRoutes(snapshot([a, changed]), first.plan))
})

test('does not plan again what did not change', () => {
  const plan = createPlanner()
  const before = plan(snapshot([a, b])).plan.routes
  const after = plan(snapshot([a, resource('b', { url: 'http://b2' })])).plan.routes
  expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false])
})

test('plans again when backends lead elsewhere', () => {
  const plan = createPlanner()
  const c = resource('c', { backendRef: { name: 'stock', port: 80 } })
  const originIn = (backends: Record<string, string>) => {
    const [route] = plan(snapshot([c], backends)).plan.routes
    return route?.kind === 'served' ? route.legs[0]?.origin : undefined
  }
  expect(originIn({ stock: 'http://one:1' })).toBe('http://one:1')
  expect(originIn({ stock: 'http://two:2' })).toBe('http://two:2')
})

test('a duplicate that goes away leaves nothing behind', () => {
  const plan = createPlanner()
  const twin = resource('a', { url: 'http://twin' })
  expect(plan(snapshot([a, twin])).problems.map(({ code }) => code)).toContain('FR0007')
  expect(plan(snapshot([a]))).toMatchObject({ problems: [], plan: { routes: [{ kind: 'served' }] } })
})
