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
]
