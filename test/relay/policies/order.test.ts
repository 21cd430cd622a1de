import { expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { Timers } from '../../../src/core/timer-list.ts'
import { planRoutes } from '../../../src/plan/plan-routes.ts'
import type { ServedRoute } from '../../../src/plan/types.ts'
import { RetryBudget } from '../../../src/policies/retry-budget.ts'
import { TokenBucket } from '../../../src/policies/token-bucket.ts'
import { legPolicies } from '../../../src/relay/leg-policies.ts'
import { recorder } from '../../support/recorder.ts'
import { snapshotOf } from '../../support/relay.ts'

const namesFor = (policies: object, spec: object = {}, traceFields?: string[]): string[] => {
  const upstreams = [{ name: 'a', url: 'http://a:80', ...policies }]
  const { plan } = planRoutes(snapshotOf({ r: { upstreams, ...spec } }))
  const route = plan.routes[0] as ServedRoute
  const { now } = systemClock
  const chain = legPolicies(route.legs[0]!, route, {
    clock: systemClock,
    random: Math.random,
    timers: new Timers(systemClock),
    observer: recorder().leg('r', 'a', 'Required'),
    traceFields,
    budget: route.retryBudget && new RetryBudget({ ...route.retryBudget, now }),
    keep: (_what, _settings, make) => make(),
    limit: settings => new TokenBucket({ ...settings, now }),
  })
  return chain.map(({ name }) => name)
}

const every = {
  retry: {},
  circuitBreaker: {},
  rateLimit: { requests: 5 },
  concurrency: {},
  hedge: { delay: '50ms' },
}

test('a leg meets its policies in this order, the outermost first', () => {
  expect(namesFor(every, {}, [])).toEqual([
    'retry',
    'hedge',
    'traced',
    'failFast',
    'rateLimit',
    'concurrency',
    'circuitBreaker',
  ])
})

test('a policy that a leg does not use is not in its chain', () => {
  expect(namesFor({})).toEqual([])
  expect(namesFor({ circuitBreaker: {} })).toEqual(['circuitBreaker'])
  expect(namesFor({ retry: {} })).toEqual(['retry'])
  expect(namesFor({ retry: { attempts: 0 } }, { retry: {} })).toEqual([])
})

test('an open circuit refuses before a token or a slot is waited for', () => {
  expect(namesFor({ circuitBreaker: {}, concurrency: {} })).toEqual([
    'failFast',
    'concurrency',
    'circuitBreaker',
  ])
})

test('a leg that only hedges, or does neither, still counts for the budget of its route', () => {
  expect(namesFor({ hedge: { delay: '50ms' } })).toEqual(['countRequests', 'hedge'])
})
