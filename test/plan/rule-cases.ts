/** One rule, one object it refuses and some it accepts. The API server has to judge the same. */
export interface RuleCase {
  readonly code: string
  readonly rejected: Spec
  readonly accepted: readonly Spec[]
}

type Spec = Readonly<Record<string, unknown>>

const url = 'http://a:8080'
const one = [{ name: 'a', url }]
const two = [
  { name: 'a', url },
  { name: 'b', url: 'http://b:8080' },
]
const withShadow = [...one, { name: 's', url: 'http://s:8080', role: 'Shadow' }]
const upstream = (fields: Spec): Spec => ({ upstreams: [{ name: 'a', url, ...fields }] })
const shadow = (fields: Spec): Spec => ({
  upstreams: [...one, { name: 's', url: 'http://s:8080', role: 'Shadow', ...fields }],
})
const rewrite = (path: Spec): Spec => upstream({ request: { urlRewrite: { path } } })
const path = (fields: Spec): Spec => ({ matches: [{ path: fields }], upstreams: one })
const timeouts = (fields: Spec): Spec => ({ timeouts: fields, upstreams: one })

const retry = (fields: Spec): Spec => ({ ...upstream({ retry: fields }), matches: [{ method: 'GET' }] })
const breaker = (fields: Spec): Spec => upstream({ circuitBreaker: fields })
const limit = (fields: Spec): Spec => upstream({ rateLimit: { requests: 1, ...fields } })
const key = (fields: Spec): Spec => ({ idempotencyKey: fields, upstreams: one })

const selector = (fields: Spec): Spec => ({ workloadSelector: fields, upstreams: one })
const requirement = (fields: Spec): Spec => selector({ matchExpressions: [{ key: 'tier', ...fields }] })

/** Specs that differ from a valid one in what the rule is about, and in nothing else. */
export const ruleCases: readonly RuleCase[] = [
  {
    code: 'FR0010',
    rejected: { upstreams: [{ name: 'a' }] },
    accepted: [{ upstreams: one }, { upstreams: [{ name: 'a', backendRef: { name: 'a', port: 80 } }] }],
  },
  {
    code: 'FR0010',
    rejected: upstream({ backendRef: { name: 'a', port: 80 } }),
    accepted: [{ upstreams: one }],
  },
  { code: 'FR0011', rejected: upstream({ percent: 10 }), accepted: [shadow({ percent: 10 })] },
  {
    code: 'FR0012',
    rejected: upstream({ sampleBy: { header: 'x-user' } }),
    accepted: [shadow({ percent: 10, sampleBy: { header: 'x-user' } })],
  },
  { code: 'FR0013', rejected: upstream({ url: 'ftp://a' }), accepted: [upstream({ url: 'https://a' })] },
  {
    code: 'FR0013',
    rejected: upstream({ url: 'http://u:p@a' }),
    accepted: [upstream({ url: 'http://a/u' })],
  },
  {
    code: 'FR0013',
    rejected: upstream({ url: 'http://a/#top' }),
    accepted: [upstream({ url: 'http://a/?q' })],
  },
  {
    code: 'FR0014',
    rejected: upstream({
      url: 'http://a/api',
      request: { urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/b' } } },
    }),
    accepted: [
      rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/b' }),
      upstream({ url: 'http://a/api', request: { urlRewrite: { hostname: 'b' } } }),
    ],
  },
  {
    code: 'FR0015',
    rejected: rewrite({ type: 'ReplaceFullPath' }),
    accepted: [rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/b' })],
  },
  {
    code: 'FR0015',
    rejected: rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/b', replaceFullPath: '/b' }),
    accepted: [rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' })],
  },
  {
    code: 'FR0016',
    rejected: rewrite({ type: 'ReplacePrefixMatch' }),
    accepted: [rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/' })],
  },
  {
    code: 'FR0017',
    rejected: path({ value: 'orders' }),
    accepted: [path({ value: '/orders' }), path({ type: 'RegularExpression', value: '(/a|/b)[?]?' })],
  },
  { code: 'FR0017', rejected: path({ value: '/orders?a=1' }), accepted: [path({ value: '/orders%3Fa=1' })] },
  {
    code: 'FR0017',
    rejected: path({ type: 'Exact', value: '/a#b' }),
    accepted: [path({ type: 'Exact', value: '/a' })],
  },
  {
    code: 'FR0018',
    rejected: path({ value: '/a/../b' }),
    accepted: [path({ value: '/a/..b/.c/d.' }), path({ type: 'RegularExpression', value: '/a/../b' })],
  },
  { code: 'FR0018', rejected: path({ value: '/a/%2E%2e' }), accepted: [path({ value: '/a/%2Eb' })] },
  {
    code: 'FR0020',
    rejected: timeouts({ request: '1s', backendRequest: '1001ms' }),
    accepted: [
      timeouts({ request: '1s', backendRequest: '1000ms' }),
      timeouts({ request: '0s', backendRequest: '1h' }),
      timeouts({ backendRequest: '30s' }),
    ],
  },
  { code: 'FR0020', rejected: timeouts({ backendRequest: '31s' }), accepted: [timeouts({})] },
  {
    code: 'FR0020',
    rejected: upstream({ timeouts: { request: '1m', backendRequest: '1m1s' } }),
    accepted: [upstream({ timeouts: { request: '1m1s', backendRequest: '1m' } })],
  },
  {
    code: 'FR0021',
    rejected: { upstreams: two, response: { success: 'Quorum' } },
    accepted: [{ upstreams: two, response: { success: 'Quorum', quorum: 2 } }],
  },
  {
    code: 'FR0021',
    rejected: { upstreams: two, response: { success: 'Any', quorum: 2 } },
    accepted: [{ upstreams: two, response: { success: 'Any' } }],
  },
  {
    code: 'FR0022',
    rejected: { upstreams: two, response: { success: 'First', statuses: { failed: 503 } } },
    accepted: [
      { upstreams: two, response: { success: 'First', body: 'Envelope', statuses: { failed: 503 } } },
      { upstreams: two, response: { statuses: { failed: 503 } } },
    ],
  },
  {
    code: 'FR0023',
    rejected: { upstreams: two, response: { success: 'All', from: 'a' } },
    accepted: [
      { upstreams: two, response: { success: 'All', from: 'a', body: 'Upstream' } },
      { upstreams: two, response: { success: 'Primary', from: 'a', body: 'Envelope' } },
    ],
  },
  {
    code: 'FR0023',
    rejected: { upstreams: two, response: { success: 'First', from: 'a' } },
    accepted: [{ upstreams: two, response: { success: 'First' } }],
  },
  ...(['success', 'partial', 'failed'] as const).map(name => ({
    code: 'FR0024',
    rejected: { upstreams: two, response: { statuses: { [name]: name === 'partial' ? 205 : 204 } } },
    accepted: [{ upstreams: two, response: { statuses: { [name]: 206 } } }],
  })),
  {
    code: 'FR0024',
    rejected: { upstreams: two, response: { body: 'Merge', statuses: { success: 304 } } },
    accepted: [{ upstreams: two, response: { body: 'Merge', statuses: {} } }],
  },
  {
    code: 'FR0030',
    rejected: { upstreams: [{ name: 'a', url, role: 'Shadow' }] },
    accepted: [{ upstreams: withShadow }, { upstreams: [{ name: 'a', url, role: 'Optional' }] }],
  },
  {
    code: 'FR0031',
    rejected: { upstreams: two, response: { success: 'Primary', from: 'c' } },
    accepted: [{ upstreams: two, response: { success: 'Primary', from: 'b' } }],
  },
  {
    code: 'FR0031',
    rejected: { upstreams: withShadow, response: { success: 'Primary', from: 's' } },
    accepted: [{ upstreams: withShadow, response: { success: 'Primary', from: 'a' } }],
  },
  {
    code: 'FR0032',
    rejected: { upstreams: two, response: { success: 'Primary' } },
    accepted: [{ upstreams: withShadow, response: { success: 'Primary' } }],
  },
  {
    code: 'FR0033',
    rejected: { upstreams: withShadow, response: { success: 'Quorum', quorum: 2 } },
    accepted: [{ upstreams: two, response: { success: 'Quorum', quorum: 2 } }],
  },
  {
    code: 'FR0034',
    rejected: { upstreams: two, response: { success: 'Any', body: 'Upstream' } },
    accepted: [
      { upstreams: two, response: { success: 'Any', body: 'Upstream', from: 'b' } },
      { upstreams: withShadow, response: { success: 'All', body: 'Upstream' } },
      { upstreams: two, response: { success: 'First', body: 'Upstream' } },
    ],
  },
  {
    code: 'FR0035',
    rejected: { upstreams: two, limits: { onOversize: 'StreamPrimary' } },
    accepted: [
      { upstreams: withShadow, limits: { onOversize: 'StreamPrimary' } },
      {
        upstreams: two,
        limits: { onOversize: 'StreamPrimary' },
        response: { success: 'Primary', from: 'a' },
      },
    ],
  },
  {
    code: 'FR0050',
    rejected: retry({ codes: [503, 409] }),
    accepted: [retry({ codes: [408, 425, 429, 500, 599] }), retry({ codes: [] })],
  },
  ...[408, 425, 429, 500].map(
    (code): RuleCase => ({
      code: 'FR0050',
      rejected: retry({ codes: [code + (code === 500 ? -1 : 1)] }),
      accepted: [retry({ codes: [code] })],
    }),
  ),
  { code: 'FR0050', rejected: retry({ codes: [200] }), accepted: [retry({ codes: [503] })] },
  {
    code: 'FR0050',
    rejected: { retry: { codes: [410] }, upstreams: one },
    accepted: [{ retry: { codes: [503] }, upstreams: one }],
  },
  {
    code: 'FR0051',
    rejected: retry({ backoff: '2s', maxBackoff: '1999ms' }),
    accepted: [
      retry({ backoff: '2s', maxBackoff: '2s' }),
      retry({ backoff: '1m' }),
      retry({ maxBackoff: '0s', backoff: '0s' }),
    ],
  },
  // From the route one, from the leg the other.
  {
    code: 'FR0051',
    rejected: { ...retry({ backoff: '5s' }), retry: { maxBackoff: '2s' } },
    accepted: [
      { ...retry({ backoff: '5s', maxBackoff: '5s' }), retry: { maxBackoff: '2s' } },
      { ...retry({ backoff: '5s' }), retry: { attempts: 1 } },
    ],
  },
  {
    code: 'FR0051',
    rejected: { ...retry({ maxBackoff: '50ms' }), retry: { backoff: '100ms' } },
    accepted: [
      { ...retry({ maxBackoff: '100ms' }), retry: { backoff: '100ms' } },
      { ...retry({ maxBackoff: '50ms', backoff: '50ms' }), retry: { backoff: '100ms' } },
      { ...retry({ attempts: 1 }), retry: { backoff: '100ms' } },
    ],
  },
  {
    code: 'FR0051',
    rejected: {
      retry: { maxBackoff: '2s' },
      matches: [{ method: 'GET' }],
      upstreams: [...one, { name: 'b', url, retry: { backoff: '3s' } }],
    },
    accepted: [{ retry: { maxBackoff: '2s' }, matches: [{ method: 'GET' }], upstreams: two }],
  },
  {
    code: 'FR0052',
    rejected: retry({ backoff: '10m1s', maxBackoff: '1h' }),
    accepted: [retry({ backoff: '10m', maxBackoff: '1h' }), retry({ backoff: '0s' })],
  },
  {
    code: 'FR0052',
    rejected: retry({ maxBackoff: '61m' }),
    accepted: [retry({ maxBackoff: '1h' })],
  },
  {
    code: 'FR0052',
    rejected: retry({ retryAfterMax: '25h' }),
    accepted: [retry({ retryAfterMax: '24h' }), retry({ retryAfterMax: '0s' })],
  },
  ...['0s', '0h0ms', '25h'].map(
    (interval): RuleCase => ({
      code: 'FR0052',
      rejected: limit({ interval }),
      accepted: [limit({ interval: '1ms' }), limit({ interval: '24h' }), limit({})],
    }),
  ),
  {
    code: 'FR0052',
    rejected: { rateLimit: { requests: 1, interval: '0s' }, upstreams: one },
    accepted: [{ rateLimit: { requests: 1, interval: '1h' }, upstreams: one }],
  },
  ...['0s', '61m'].map(
    (window): RuleCase => ({
      code: 'FR0052',
      rejected: breaker({ window }),
      accepted: [breaker({ window: '1ms' }), breaker({ window: '1h' })],
    }),
  ),
  ...['0s', '25h'].map(
    (openDuration): RuleCase => ({
      code: 'FR0052',
      rejected: breaker({ openDuration }),
      accepted: [breaker({ openDuration: '1ms' }), breaker({ openDuration: '24h' })],
    }),
  ),
  ...['0s', '61m'].map(
    (delay): RuleCase => ({
      code: 'FR0052',
      rejected: upstream({ hedge: { delay } }),
      accepted: [upstream({ hedge: { delay: '1ms' } }), upstream({ hedge: { delay: '1h' } })],
    }),
  ),
  ...['0s', '169h'].map(
    (ttl): RuleCase => ({
      code: 'FR0052',
      rejected: key({ ttl }),
      accepted: [key({ ttl: '1ms' }), key({ ttl: '168h' })],
    }),
  ),
  {
    code: 'FR0053',
    rejected: breaker({ consecutiveFailures: 0, failurePercent: 0 }),
    accepted: [
      breaker({ consecutiveFailures: 1, failurePercent: 0 }),
      breaker({ consecutiveFailures: 0, failurePercent: 1 }),
      breaker({}),
    ],
  },
  {
    code: 'FR0054',
    rejected: breaker({ failurePercent: 0, minimumRequests: 5 }),
    accepted: [breaker({ minimumRequests: 5 }), breaker({ failurePercent: 0 })],
  },
  {
    code: 'FR0054',
    rejected: breaker({ failurePercent: 0, window: '5s' }),
    accepted: [breaker({ window: '5s' })],
  },
  ...['Host', 'connection', 'Content-Length', 'X-Request-Id', 'x-fanout-role', 'proxy-x', 'TE', 'Via'].map(
    (header): RuleCase => ({
      code: 'FR0055',
      rejected: key({ header }),
      accepted: [key({ header: `my-${header}` }), key({ header: 'x-key' }), key({})],
    }),
  ),
  {
    code: 'FR0056',
    rejected: { retryBudget: { percent: 10 }, upstreams: one },
    accepted: [
      { retryBudget: { percent: 10 }, retry: {}, upstreams: one },
      { retryBudget: {}, ...upstream({ retry: { attempts: 1 } }) },
      { retryBudget: { minPerSecond: 1 }, ...upstream({ hedge: { delay: '1s' } }) },
    ],
  },
  {
    code: 'FR0060',
    rejected: selector({}),
    accepted: [
      { upstreams: one },
      selector({ matchLabels: { app: 'a' } }),
      requirement({ operator: 'Exists' }),
    ],
  },
  {
    code: 'FR0060',
    rejected: selector({ matchLabels: {}, matchExpressions: [] }),
    accepted: [selector({ matchLabels: { app: '' }, matchExpressions: [] })],
  },
  {
    code: 'FR0061',
    rejected: requirement({ operator: 'Exists', values: ['web'] }),
    accepted: [
      requirement({ operator: 'In', values: ['web'] }),
      requirement({ operator: 'DoesNotExist', values: [] }),
    ],
  },
  {
    code: 'FR0061',
    rejected: requirement({ operator: 'NotIn' }),
    accepted: [requirement({ operator: 'NotIn', values: ['web', ''] })],
  },
  {
    code: 'FR0062',
    rejected: selector({ matchLabels: { 'app name': 'a' } }),
    accepted: [selector({ matchLabels: { 'app.kubernetes.io/name': 'a', A_1: 'b' } })],
  },
  {
    code: 'FR0062',
    rejected: selector({ matchLabels: { [`${'a'.repeat(64)}`]: 'a' } }),
    accepted: [selector({ matchLabels: { [`${'a'.repeat(63)}`]: 'a' } })],
  },
]
