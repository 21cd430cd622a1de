import { describe, expect, it } from 'vitest'
import { countRouteStates } from '../../src/admin/route-state.ts'
import type { RouteView } from '../../src/admin/route-view.ts'
import type { AdminSources } from '../../src/admin/sources.ts'
import type { UpstreamView } from '../../src/admin/upstream-view.ts'
import type { configuration } from '../../src/admin/views.ts'
import type { LegFigures, LiveFigures } from '../../src/core/figures.ts'
import type { ServedRoute } from '../../src/plan/types.ts'
import { createApp, legFigures, result, routeFigures } from './fixtures.ts'

const get = async <Shape>(path: string, sources: Partial<AdminSources> = {}): Promise<Shape> => {
  const response = await createApp(sources).request(`/api/v1${path}`, { headers: { host: 'localhost:4781' } })
  expect(response.status).toBe(200)
  return (await response.json()) as Shape
}

describe('overview', () => {
  it('sums up what runs', async () => {
    expect(await get('/overview')).toEqual({
      version: '0.1.0',
      startedAt: '2026-01-02T03:04:05.000Z',
      uptimeSeconds: 61,
      config: { revision: 'r1', lastReload: { time: '2026-01-02T03:04:06.000Z', result: 'partial' } },
      routes: { active: 1, last_good: 1, broken: 1, overridden: 1 },
      requests: { total: 42, inFlight: 2 },
      problems: { errors: 1, warnings: 1 },
    })
  })

  it('says so before a configuration was read', async () => {
    const none = { planned: () => undefined, lastReload: () => undefined }
    expect(await get('/overview', none)).toMatchObject({
      config: { revision: null, lastReload: null },
      routes: { active: 0 },
      problems: { errors: 0 },
    })
    expect(await get('/routes', none)).toEqual({ routes: [] })
    expect(await get('/upstreams', none)).toEqual({ upstreams: [] })
    expect(await get('/config', none)).toMatchObject({ plan: null, problems: [] })
  })
})

describe('routes', () => {
  it('have one state each', async () => {
    const { routes } = await get<{ routes: RouteView[] }>('/routes')
    expect(routes.map(({ id, state }) => [id, state])).toEqual([
      ['shop/broken', 'broken'],
      ['shop/hidden', 'overridden'],
      ['shop/orders', 'active'],
      ['shop/stale', 'last_good'],
    ])
    expect(routes[1]?.overriddenBy).toBe('shop/orders')
  })

  it('show what they match, where they lead and what went through', async () => {
    expect(await get('/routes/shop/orders')).toMatchObject({
      id: 'shop/orders',
      generation: 4,
      hostnames: ['orders.local'],
      legs: [
        {
          name: 'inventory',
          role: 'Required',
          target: 'http://inventory.shop.svc:8080',
          timeouts: { requestMs: 0, backendRequestMs: 800 },
        },
        { name: 'crm', role: 'Optional', target: 'https://crm.example/api/v2/orders' },
      ],
      answer: { success: 'All', body: 'Envelope' },
      timeouts: { requestMs: 2000 },
      problems: [],
      figures: routeFigures,
    })
  })

  it('show the policies in effect, of the route and of each leg', async () => {
    const orders = await get<RouteView>('/routes/shop/orders')
    expect(orders.policies).toEqual({
      rateLimit: { requests: 200, intervalMs: 1000, burst: 400, scope: 'Local' },
      retryBudget: { percent: 20, minPerSecond: 10 },
      idempotencyKey: { header: 'Idempotency-Key', generate: true, ttlMs: 86_400_000 },
    })
    expect(orders.legs[0]?.policies).toEqual({
      retry: expect.objectContaining({ attempts: 2, codes: [503], on: ['Reset'] }),
      circuitBreaker: expect.objectContaining({ consecutiveFailures: 5, openMs: 30_000 }),
      rateLimit: { requests: 50, intervalMs: 1000, burst: 50, scope: 'Global', onLimit: 'Wait' },
      concurrency: { maxParallelRequests: 64, maxPendingRequests: 128 },
      hedge: { delayMs: 200, maxParallel: 2 },
    })
  })

  it('leave out policies that are off', async () => {
    const { routes } = await get<{ routes: RouteView[] }>('/routes')
    const byId = new Map(routes.map(route => [route.id, route]))
    expect(byId.get('shop/orders')?.legs[1]?.policies).toEqual({})
    expect(byId.get('shop/stale')?.policies).toEqual({})
    expect(byId.get('shop/broken')).not.toHaveProperty('policies')
  })

  it('show their own problems, with the place in the file', async () => {
    const { problems } = await get<RouteView>('/routes/shop/stale')
    expect(problems).toMatchObject([{ code: 'FR0010', location: { file: 'stale.yaml', line: 7, column: 5 } }])
  })

  it('are listed without figures when nothing is known of them', async () => {
    expect(await get('/routes/shop/broken')).toMatchObject({ legs: [], figures: null })
  })
})

describe('upstreams', () => {
  it('are the legs of all routes that are served', async () => {
    const { upstreams } = await get<{ upstreams: UpstreamView[] }>('/upstreams')
    expect(upstreams).toHaveLength(4)
    expect(upstreams).toContainEqual({
      route: 'shop/orders',
      upstream: 'crm',
      role: 'Optional',
      target: 'https://crm.example/api/v2/orders',
      figures: legFigures,
    })
  })

  it('show the state of the breaker, null without one, and what policies did', async () => {
    const figures: LegFigures = { ...legFigures, breaker: null, retries: 0 }
    const views = async (sources: Partial<AdminSources> = {}) => {
      const { upstreams } = await get<{ upstreams: UpstreamView[] }>('/upstreams', sources)
      return upstreams.find(({ route, upstream }) => route === 'shop/orders' && upstream === 'crm')
    }
    const counts = { breaker: 'half_open', retries: 4, hedges: 5, rateLimited: 6, queued: 7 }
    expect((await views())?.figures).toMatchObject(counts)
    const without: LiveFigures = {
      total: () => ({ requests: 0, inFlight: 0 }),
      routeFigures: () => undefined,
      legFigures: () => figures,
    }
    expect((await views({ figures: without }))?.figures).toMatchObject({ breaker: null, retries: 0 })
  })
})

describe('failures, config and version', () => {
  it('list failed legs with readable times', async () => {
    expect(await get('/failures')).toEqual({
      failures: [
        {
          time: '2026-01-02T03:04:05.000Z',
          requestId: 'req-1',
          route: 'shop/orders',
          upstream: 'crm',
          role: 'Optional',
          status: 0,
          error: 'dns_error',
          detail: 'no such host',
          durationMs: 4,
          attempts: 1,
        },
      ],
    })
  })

  it('show settings, plan and problems', async () => {
    const config = await get<ReturnType<typeof configuration>>('/config')
    const orders = config.plan?.routes[2] as ServedRoute
    expect(config.settings).toMatchObject({ listen: '127.0.0.1:4780', adminToken: '[redacted]' })
    expect(config.plan?.revision).toBe('r1')
    expect(config.problems).toHaveLength(2)
    expect(config.lastGood).toEqual(['shop/stale'])
    expect(config.overridden).toEqual([{ id: 'shop/hidden', by: 'shop/orders' }])
    expect(orders.legs[0]?.headers).toEqual({
      set: [['Authorization', '[redacted]']],
      add: [['x-anything', '[redacted]']],
      remove: ['cookie'],
    })
    expect(orders.matches[0]?.headers[0]?.value).toBe('acme')
  })

  it('show the build', async () => {
    expect(await get('/version')).toEqual({ version: '0.1.0', revision: 'abc', node: '26.10.0' })
  })
})

it('shows no secret on any endpoint', async () => {
  expect(JSON.stringify(result)).toContain('CANARY')
  for (const path of [
    '/overview',
    '/routes',
    '/routes/shop/orders',
    '/upstreams',
    '/failures',
    '/config',
    '/version',
  ]) {
    expect(JSON.stringify(await get(path)), path).not.toContain('CANARY')
  }
})

it('counts no routes without a plan', () => {
  expect(countRouteStates(undefined)).toEqual({ active: 0, last_good: 0, broken: 0, overridden: 0 })
})
