import { describe, expect, it } from 'vitest'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import type { ServedRoute } from '../../src/plan/types.ts'
import { routeObject, snapshotOf } from './snapshot.ts'

const planned = (spec: Readonly<Record<string, unknown>>) =>
  planRoutes(snapshotOf([routeObject('orders', spec)]))

describe('a field that is null', () => {
  it('says what leaving it out means, and what an empty one would be', () => {
    const { problems } = planned({ matches: null, retry: null, rateLimit: null, hostnames: null })
    expect(problems.map(({ code, message, fix }) => [code, message, fix])).toEqual([
      ['FR0129', 'spec.hostnames is empty, which counts as left out: any', 'give it an entry, or remove it'],
      [
        'FR0129',
        'spec.matches is empty, which counts as left out: PathPrefix /',
        'give it an entry, or remove it',
      ],
      [
        'FR0129',
        'spec.retry is empty, which counts as left out: never',
        'write retry: {} if it is to be there, or remove it',
      ],
      ['FR0129', 'spec.rateLimit is empty, which counts as left out: any', 'give it a value, or remove it'],
    ])
  })

  it('was not written by anybody, as far as explain is concerned', () => {
    const { plan } = planned({ retry: null, timeouts: { request: '5s', backendRequest: null } })
    expect((plan.routes[0] as ServedRoute).written).toEqual([
      'spec.upstreams[0].name',
      'spec.upstreams[0].url',
      'spec.timeouts.request',
    ])
  })

  it('is no matches beside a field that may have been meant as such', () => {
    const misspelt = { match: [{ path: { value: '/orders' } }] }
    expect(planned({ ...misspelt, matches: null }).plan.routes).toEqual([])
    expect(planned({ ...misspelt, matches: [{}] }).plan.routes).toHaveLength(1)
  })

  it('leaves the version of a route and its entries of lists what they are', () => {
    const codes = planned({ retry: { codes: [null] } }).problems.map(({ code }) => code)
    expect(codes).toEqual(['FR0004'])
    const { problems } = planRoutes(snapshotOf([{ ...routeObject('orders'), apiVersion: null }]))
    expect(problems[0]).toMatchObject({ code: 'FR0006' })
  })
})
