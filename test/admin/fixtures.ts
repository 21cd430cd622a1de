import { adminApp } from '../../src/admin/app.ts'
import type { AdminSources } from '../../src/admin/sources.ts'
import type { Problem } from '../../src/api/problem.ts'
import type { FailedLeg, LegFigures, RouteFigures } from '../../src/core/figures.ts'
import type { PlannedLeg, PlanResult, ServedRoute } from '../../src/plan/types.ts'

export const startedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5)

const leg = (overrides: Partial<PlannedLeg> = {}): PlannedLeg => ({
  name: 'inventory',
  role: 'Required',
  origin: 'http://inventory.shop.svc:8080',
  host: undefined,
  method: undefined,
  path: { kind: 'keep' },
  headers: undefined,
  attemptTimeoutMs: 800,
  legTimeoutMs: 0,
  sample: undefined,
  retry: undefined,
  circuitBreaker: undefined,
  rateLimit: undefined,
  concurrency: undefined,
  hedge: undefined,
  ...overrides,
})

const route = (id: string, overrides: Partial<ServedRoute> = {}): ServedRoute => ({
  kind: 'served',
  id,
  generation: undefined,
  createdAt: undefined,
  hostnames: [],
  matches: [{ method: 'POST', path: { type: 'PathPrefix', value: '/orders' }, headers: [], query: [] }],
  requestTimeoutMs: 2000,
  maxBodyBytes: 1_048_576,
  onOversize: 'Reject',
  rateLimit: undefined,
  retryBudget: undefined,
  idempotencyKey: undefined,
  legs: [leg()],
  answer: {
    success: 'All',
    quorum: 0,
    from: -1,
    body: 'Envelope',
    statuses: { success: 200, partial: 207, failed: 502 },
  },
  ...overrides,
})

const problem: Problem = {
  severity: 'error',
  code: 'FR0010',
  message: 'exactly one of backendRef or url must be set',
  route: 'shop/stale',
  field: 'spec.upstreams[0]',
  location: { file: 'stale.yaml', line: 7, column: 5 },
}

/** One route in each state; `shop/orders` carries a secret in every place that may hold one. */
export const result: PlanResult = {
  plan: {
    revision: 'r1',
    routes: [
      {
        kind: 'broken',
        id: 'shop/broken',
        generation: 3,
        createdAt: undefined,
        hostnames: [],
        matches: [],
        reason: 'spec.upstreams is missing',
      },
      route('shop/hidden'),
      route('shop/orders', {
        generation: 4,
        rateLimit: { requests: 200, intervalMs: 1000, burst: 400, scope: 'Local' },
        retryBudget: { percent: 20, minPerSecond: 10 },
        idempotencyKey: { header: 'Idempotency-Key', generate: true, ttlMs: 86_400_000 },
        hostnames: ['orders.local'],
        matches: [
          {
            method: 'POST',
            path: { type: 'PathPrefix', value: '/orders' },
            headers: [
              { type: 'Exact', name: 'x-tenant', value: 'acme' },
              { type: 'Exact', name: 'x-api-key', value: 'CANARY-match-header' },
            ],
            query: [{ type: 'Exact', name: 'access_token', value: 'CANARY-match-query' }],
          },
        ],
        legs: [
          leg({
            retry: {
              attempts: 2,
              backoffMs: 100,
              maxBackoffMs: 2000,
              codes: [503],
              on: ['Reset'],
              retryAfterMaxMs: 30_000,
              nonIdempotent: false,
            },
            circuitBreaker: {
              consecutiveFailures: 5,
              failurePercent: 50,
              minimumRequests: 20,
              windowMs: 10_000,
              openMs: 30_000,
              halfOpenRequests: 1,
            },
            rateLimit: { requests: 50, intervalMs: 1000, burst: 50, scope: 'Global', onLimit: 'Wait' },
            concurrency: { maxParallelRequests: 64, maxPendingRequests: 128 },
            hedge: { delayMs: 200, maxParallel: 2 },
            headers: {
              set: [['Authorization', 'Bearer CANARY-set']],
              add: [['x-anything', 'CANARY-add']],
              remove: ['cookie'],
            },
          }),
          leg({
            name: 'crm',
            role: 'Optional',
            origin: 'https://crm.example',
            path: { kind: 'full', path: '/api/v2/orders', query: '?sig=CANARY-query' },
          }),
        ],
      }),
      route('shop/stale'),
    ],
  },
  problems: [problem, { severity: 'warning', code: 'FR0200', message: 'a tie' }],
  lastGood: ['shop/stale'],
  overridden: [{ id: 'shop/hidden', by: 'shop/orders' }],
}

export const routeFigures: RouteFigures = {
  requests: 12,
  inFlight: 1,
  byOutcome: { success: 10, partial: 1, failed: 1, cancelled: 0, rejected: 0, unmatched: 0 },
  latency: { p50Ms: 12.5, p95Ms: 90 },
}

export const legFigures: LegFigures = {
  requests: 12,
  inFlight: 1,
  failures: 2,
  byError: { dns_error: 2 },
  bySkipReason: { lag: 3 },
  latency: { p50Ms: 10, p95Ms: 80 },
  breaker: 'half_open',
  retries: 4,
  hedges: 5,
  rateLimited: 6,
  queued: 7,
}

const failedLeg: FailedLeg = {
  timeMs: startedAtMs,
  requestId: 'req-1',
  route: 'shop/orders',
  upstream: 'crm',
  role: 'Optional',
  status: 0,
  error: 'dns_error',
  detail: 'no such host',
  durationMs: 4,
  attempts: 1,
}

const sources: AdminSources = {
  build: { version: '0.1.0', revision: 'abc', node: '26.10.0' },
  startedAtMs,
  settings: {
    listen: '127.0.0.1:4780',
    proxyUrl: 'http://user:CANARY-userinfo@proxy:3128/x',
    adminToken: 'CANARY-token',
    limits: { sharedStore: 'redis://:p@ssCANARY-at@store:6379/0' },
    nested: { storePassword: 'CANARY-password' },
  },
  planned: () => result,
  lastReload: () => ({ timeMs: startedAtMs + 1000, result: 'partial' }),
  figures: {
    total: () => ({ requests: 42, inFlight: 2 }),
    routeFigures: id => (id === 'shop/orders' ? routeFigures : undefined),
    legFigures: (id, upstream) => (id === 'shop/orders' && upstream === 'crm' ? legFigures : undefined),
  },
  failures: { list: () => [failedLeg] },
  logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
}

export const createApp = (overrides: Partial<AdminSources> = {}, hosts: readonly string[] = []) =>
  adminApp({ ...sources, ...overrides }, { hosts, now: () => startedAtMs + 61_500 })
