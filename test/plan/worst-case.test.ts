import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { explain } from '../../src/plan/explain.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { LegStates } from '../../src/relay/leg-states.ts'
import { routeObject, snapshotOf } from './snapshot.ts'

type Spec = Readonly<Record<string, unknown>>

const explainedOf = (spec: Spec, method = 'GET', headers: readonly (readonly [string, string])[] = []) => {
  const { plan, problems } = planRoutes(snapshotOf([routeObject('r', spec)]))
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return explain(plan, { method, path: '/', headers }).winner!.served!
}

const leg = (fields: Spec): Spec => ({ name: 'a', url: 'http://a', ...fields })
const one = (fields: Spec, route: Spec = {}): Spec => ({ upstreams: [leg(fields)], ...route })
const times = (request: string, backendRequest: string): Spec => ({ timeouts: { request, backendRequest } })

describe('the longest time to an answer', () => {
  it.each<[string, Spec, number | undefined]>([
    ['one try is as long as backendRequest', one({}, times('30s', '1s')), 1000],
    ['no backendRequest: as long as request', one({ retry: {} }), 30_000],
    ['nothing bounds it', one({ retry: {} }, { timeouts: { request: '0s' } }), undefined],
    [
      'tries and the longest waits: 3 x 1s, 100ms, 200ms',
      one({ retry: { attempts: 2, retryAfterMax: '0s' } }, times('30s', '1s')),
      3300,
    ],
    [
      'maxBackoff bounds the waits: 4 x 1s, 100ms, 150ms, 150ms',
      one({ retry: { attempts: 3, maxBackoff: '150ms', retryAfterMax: '0s' } }, times('30s', '1s')),
      4400,
    ],
    [
      'an upstream may ask for retryAfterMax before each retry: 3 x 1s, 2 x 5s',
      one({ retry: { attempts: 2, retryAfterMax: '5s' } }, times('30s', '1s')),
      13_000,
    ],
    [
      'but only where an answer is retried',
      one({ retry: { attempts: 2, codes: [] } }, times('30s', '1s')),
      3300,
    ],
    ['request bounds all of it', one({ retry: { attempts: 2 } }, times('2s', '900ms')), 2000],
    [
      'so does that of the leg',
      one({ retry: { attempts: 2 }, timeouts: { request: '1500ms', backendRequest: '700ms' } }),
      1500,
    ],
    [
      'each hedge may begin a delay later: 1s, 2 x 200ms',
      one({ hedge: { delay: '200ms', maxParallel: 3 } }, times('30s', '1s')),
      1400,
    ],
    ['who waits for a slot waits up to request', one({ concurrency: {} }, times('30s', '1s')), 30_000],
    [
      'where nobody waits, backendRequest is all',
      one({ concurrency: { maxPendingRequests: 0 }, rateLimit: { requests: 1 } }, times('30s', '1s')),
      1000,
    ],
    [
      'who waits for a token waits up to request',
      one({ rateLimit: { requests: 1, onLimit: 'Wait' } }, times('30s', '1s')),
      30_000,
    ],
    [
      'a shadow does not count',
      {
        ...times('30s', '1s'),
        upstreams: [leg({}), leg({ name: 's', role: 'Shadow', retry: {}, timeouts: { request: '0s' } })],
      },
      1000,
    ],
  ])('%s', (_, spec, expected) => expect(explainedOf(spec).worstCaseMs).toBe(expected))
})

describe('the most requests that one becomes', () => {
  const policies = { retry: { attempts: 2 }, hedge: { delay: '1s', maxParallel: 3 } }
  const key = [['Idempotency-Key', 'k']] as const
  const other = [['X-Key', 'k']] as const

  it.each<[string, number, Spec, string, (readonly (readonly [string, string])[])?]>([
    ['(1 + attempts) x maxParallel', 9, one(policies), 'GET'],
    ['one where nothing is repeated', 1, one({}), 'GET'],
    ['one for a write without a key', 1, one(policies), 'POST'],
    ['all for a write with the key of its caller', 9, one(policies), 'POST', key],
    ['all for a write that is given a key', 9, one(policies, { idempotencyKey: {} }), 'POST'],
    [
      'one where the caller has to bring a key and does not',
      1,
      one(policies, { idempotencyKey: { header: 'X-Key', generate: false } }),
      'POST',
      key,
    ],
    [
      'all where it does',
      9,
      one(policies, { idempotencyKey: { header: 'X-Key', generate: false } }),
      'POST',
      other,
    ],
    [
      'one where the leg takes the key out',
      1,
      one({ ...policies, request: { headers: { remove: ['Idempotency-Key'] } } }),
      'POST',
      key,
    ],
    [
      'retries alone where nonIdempotent is said',
      3,
      one({ ...policies, retry: { nonIdempotent: true } }),
      'POST',
    ],
    [
      'all for a leg that reads what was a write',
      9,
      one({ ...policies, request: { method: 'GET' } }),
      'POST',
    ],
    ['one for a leg that writes what was a read', 1, one({ ...policies, request: { method: 'PUT' } }), 'GET'],
    [
      'the sum over the legs, without a shadow that gets nothing',
      4,
      {
        upstreams: [
          leg({}),
          leg({ name: 'b', retry: {} }),
          leg({ name: 's', role: 'Shadow', percent: 0, retry: {} }),
        ],
      },
      'GET',
    ],
  ])('%s', (_, most, spec, method, headers) =>
    expect(explainedOf(spec, method, headers).upstreamRequests.most).toBe(most),
  )
})

test('a limit that the relay has anyway is known to the planner as the relay has it', () => {
  const legStates = new LegStates()
  const codesFor = (role: string, maxParallelRequests: number) =>
    planRoutes(
      snapshotOf([
        routeObject('r', {
          upstreams: [leg({ role, concurrency: { maxParallelRequests } }), leg({ name: 'b' })],
        }),
      ]),
    ).problems.flatMap(({ code }) => (code === 'FR0126' ? [code] : []))
  const awaited = legStates.get('r', 'a', true).maxInFlight
  const shadows = legStates.get('r', 'a', false).maxInFlight
  expect(codesFor('Required', awaited)).toEqual(['FR0126'])
  expect(codesFor('Required', awaited - 1)).toEqual([])
  expect(codesFor('Shadow', shadows)).toEqual(['FR0126'])
  expect(codesFor('Shadow', shadows - 1)).toEqual([])
})

const field = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const retry = fc.record({
  attempts: field([0, 1, 10]),
  backoff: field(['0s', '100ms', '10m']),
  maxBackoff: field(['0s', '1s', '1h']),
  codes: field([[], [503], [408, 599]]),
  on: field([[], ['Timeout'], ['ConnectFailure', 'Reset', 'Timeout']]),
  retryAfterMax: field(['0s', '24h']),
  nonIdempotent: field([true, false]),
})
const limit = fc.record({
  requests: fc.constantFrom(1, 50, 1_000_000),
  interval: field(['1ms', '24h']),
  burst: field([1, 1000]),
  scope: field(['Local', 'Global']),
})
const upstream = fc.record({
  role: fc.constantFrom('Required', 'Shadow'),
  retry: fc.option(retry, { nil: undefined }),
  hedge: field([{ delay: '1ms' }, { delay: '1h', maxParallel: 8 }]),
  rateLimit: fc.option(limit, { nil: undefined }),
  circuitBreaker: field([{}, { consecutiveFailures: 0, minimumRequests: 10_000, window: '1ms' }]),
  concurrency: field([{}, { maxParallelRequests: 1, maxPendingRequests: 0 }]),
})
const spec = fc.record({
  retry: fc.option(retry, { nil: undefined }),
  rateLimit: fc.option(limit, { nil: undefined }),
  idempotencyKey: field([{}, { generate: false }]),
  timeouts: field([{ request: '0s' }, { request: '1s', backendRequest: '300ms' }]),
  upstreams: fc
    .array(upstream, { minLength: 1, maxLength: 3 })
    .map(list => list.map((fields, i) => ({ name: `u${i}`, url: `http://u${i}`, ...fields }))),
})

test('whatever policies a route has: retries have a budget and bounds in order, and problems have words', () => {
  fc.assert(
    fc.property(spec, given => {
      const written = JSON.parse(
        JSON.stringify({ ...given, upstreams: [leg({}), ...given.upstreams] }),
      ) as Spec
      const { plan, problems } = planRoutes(snapshotOf([routeObject('r', written)]))
      const [route] = plan.routes
      if (route?.kind !== 'served') {
        expect(problems.map(({ code }) => code)).toContain('FR0051')
        return
      }
      const repeats = route.legs.some(planned => planned.retry || planned.hedge)
      expect(route.retryBudget !== undefined).toBe(repeats)
      for (const planned of route.legs) {
        if (planned.retry) {
          expect(planned.retry.attempts).toBeGreaterThan(0)
          expect(planned.retry.maxBackoffMs).toBeGreaterThanOrEqual(planned.retry.backoffMs)
        }
      }
      for (const { message, fix } of problems)
        expect(`${message} ${fix}`).not.toMatch(/NaN|Infinity|undefined/)
    }),
    { numRuns: 150 },
  )
})
