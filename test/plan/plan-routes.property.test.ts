import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/plan/explain.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { resourceOf, routeObject, snapshotOf } from './snapshot.ts'

const runs = { numRuns: 60 }

/** Values that a field may be replaced with: plausible, wrong and hostile ones. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    null,
    '',
    '0s',
    '1h',
    '/',
    '/a/*',
    '(',
    'Shadow',
    'Primary',
    'http://a:0',
    0,
    -1,
    1.5,
    [],
    {},
  ),
  fc.constantFrom('__proto__', 'constructor', '\u0000', 'ü', 'x'.repeat(5000)),
)

const valid = routeObject('orders', {
  hostnames: ['orders.local'],
  matches: [
    {
      method: 'POST',
      path: { type: 'PathPrefix', value: '/orders' },
      headers: [{ type: 'Exact', name: 'x-a', value: '1' }],
    },
    { path: { type: 'RegularExpression', value: '/v[0-9]/.*' } },
  ],
  timeouts: { request: '2s', backendRequest: '1s' },
  limits: { maxBodySize: '1Mi', onOversize: 'Reject' },
  retry: { attempts: 2, backoff: '50ms', codes: [503], on: ['Reset'] },
  retryBudget: { percent: 10 },
  rateLimit: { requests: 10, interval: '1s' },
  idempotencyKey: { header: 'X-Key', ttl: '1h' },
  upstreams: [
    {
      name: 'p',
      url: 'http://p:8080',
      retry: { maxBackoff: '1s', retryAfterMax: '2s' },
      circuitBreaker: { failurePercent: 10, minimumRequests: 5, window: '5s', openDuration: '1s' },
      rateLimit: { requests: 20, burst: 5, onLimit: 'Wait', scope: 'Global' },
      concurrency: { maxParallelRequests: 4, maxPendingRequests: 2 },
      hedge: { delay: '100ms', maxParallel: 3 },
    },
    { name: 'a', url: 'http://a:8080/x', request: { headers: { set: [{ name: 'x-b', value: '2' }] } } },
    {
      name: 'b',
      role: 'Shadow',
      percent: 10,
      backendRef: { name: 'b', port: 80 },
      timeouts: { request: '1s' },
    },
  ],
  response: { success: 'All', body: 'Envelope', statuses: { failed: 503 } },
})

type Path = readonly (string | number)[]

const pathsOf = (data: unknown, path: Path = []): Path[] =>
  typeof data === 'object' && data !== null
    ? [path, ...Object.entries(data).flatMap(([key, item]) => pathsOf(item, [...path, key]))]
    : [path]

const replaced = (data: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by
  const copy: Record<string, unknown> = Array.isArray(data)
    ? (data.slice() as never)
    : { ...(data as object) }
  copy[step] = replaced(copy[step], rest, by)
  return copy
}

/** A valid route with one to three of its fields replaced. */
const mutated = fc
  .array(fc.tuple(fc.constantFrom(...pathsOf(valid)), value), { minLength: 1, maxLength: 3 })
  .map(changes =>
    changes.reduce<unknown>((data, [path, by]) => {
      const exists = pathsOf(data).some(known => known.join() === path.join())
      return exists ? replaced(data, path, by) : data
    }, valid),
  )

const snapshotWith = (bad: unknown, others: readonly unknown[] = []) => {
  const snapshot = snapshotOf(others)
  const resource = { ...resourceOf(bad), id: 'shop/bad', namespace: 'shop', name: 'bad' }
  return { ...snapshot, routes: [...snapshot.routes, resource] }
}

const isFrozen = (data: unknown): boolean =>
  typeof data !== 'object' || data === null || (Object.isFrozen(data) && Object.values(data).every(isFrozen))

describe('planRoutes, whatever it is given', () => {
  it('never throws and always has a route or an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.object(), mutated), object => {
        const { plan, problems } = planRoutes(snapshotWith(object))
        const isServed = plan.routes.some(({ kind }) => kind === 'served')
        expect(isServed || problems.some(({ severity }) => severity === 'error')).toBe(true)
        for (const { message, fix } of problems) expect(`${message}${fix}`).not.toMatch(/[\r\n]/)
      }),
      runs,
    )
  })

  it('lets a bad route change nothing about the others', () => {
    const others = [routeObject('first'), routeObject('second', { matches: [{ path: { value: '/b' } }] })]
    const alone = planRoutes(snapshotOf(others)).plan.routes
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), mutated), object => {
        const { plan } = planRoutes(snapshotWith(object, others))
        expect(plan.routes.filter(({ id }) => id !== 'shop/bad')).toEqual(alone)
      }),
      runs,
    )
  })

  it('is frozen to its leaves and leaves its input as it was', () => {
    fc.assert(
      fc.property(mutated, object => {
        const before = JSON.stringify(object)
        const snapshot = { ...snapshotWith(object), problems: [] }
        expect(isFrozen(planRoutes(snapshot))).toBe(true)
        expect(JSON.stringify(object)).toBe(before)
        expect(Object.isFrozen(snapshot.problems)).toBe(false)
      }),
      runs,
    )
  })

  it('has a revision that depends on the routes and not on their order', () => {
    const routes = ['a', 'b', 'c', 'd'].map(name => routeObject(name))
    const { revision } = planRoutes(snapshotOf(routes)).plan
    expect(revision).toMatch(/^[0-9a-f]{12}$/)
    fc.assert(
      fc.property(fc.shuffledSubarray(routes, { minLength: routes.length }), shuffled => {
        const result = planRoutes(snapshotOf(shuffled))
        expect(result).toEqual(planRoutes(snapshotOf(routes)))
        expect(result.plan.revision).toBe(revision)
      }),
      runs,
    )
    expect(planRoutes(snapshotOf(routes.slice(1))).plan.revision).not.toBe(revision)
  })

  it('can always be explained', () => {
    fc.assert(
      fc.property(mutated, fc.string(), fc.string(), (object, path, host) => {
        const { plan } = planRoutes(snapshotWith(object))
        explain(plan, { method: 'POST', path: `/${path}`, host, headers: [['x-a', '1']] })
      }),
      runs,
    )
  })
})
