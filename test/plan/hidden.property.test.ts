import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/plan/explain.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { routeObject, snapshotOf } from './snapshot.ts'

/** Few values, so that routes get in each other's way. */
const match = fc.record(
  {
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom(
      { type: 'Exact', value: '/a' },
      { type: 'PathPrefix', value: '/' },
      { type: 'PathPrefix', value: '/a' },
      { type: 'PathPrefix', value: '/a/b/' },
      ...['/a', '/a/.*', '/a/b?', '/(a|b)', '/a/b/[0-9]+', '/ab*', '(?i)/A/b', '/a/b{0,1}c*'].map(value => ({
        type: 'RegularExpression',
        value,
      })),
    ),
    headers: fc.constantFrom([], [{ name: 'x-a', value: '1' }], [{ name: 'X-A', value: '2' }]),
  },
  { requiredKeys: ['path'] },
)

const routes = fc
  .array(
    fc.record({
      matches: fc.array(match, { minLength: 1, maxLength: 3 }),
      hostnames: fc.constantFrom(undefined, ['a.local'], ['*.local', 'a.local']),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map(specs => specs.map((spec, i) => routeObject(`r${i}`, JSON.parse(JSON.stringify(spec)))))

const requests = ['GET', 'POST'].flatMap(method =>
  ['/', '/a', '/a/b', '/a/', '/a/b/1', '/b', '/ab', '/A/b', '/a/bc'].flatMap(path =>
    ['', 'a.local', 'b.local'].flatMap(host =>
      ['1', '2'].map(value => ({ method, path, host, headers: [['x-a', value] as const] })),
    ),
  ),
)

describe('what is reported as hidden', () => {
  it('never takes a request, and what takes one is never reported', () => {
    fc.assert(
      fc.property(routes, objects => {
        const { plan, overridden, problems } = planRoutes(snapshotOf(objects))
        const hiddenMatches = problems.flatMap(({ code, route, field }) =>
          code === 'FR0114' ? [`${route} ${field}`] : [],
        )
        for (const request of requests) {
          const { winner } = explain(plan, request)
          if (!winner) continue
          expect(overridden.map(({ id }) => id)).not.toContain(winner.route)
          expect(hiddenMatches).not.toContain(`${winner.route} ${winner.field}`)
        }
      }),
      { numRuns: 40 },
    )
  })
})
