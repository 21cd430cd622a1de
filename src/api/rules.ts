import type { Rule } from './rule.ts'

const isAwaited = "u.role != 'Shadow'"
const awaited = `self.upstreams.filter(u, ${isAwaited})`
const decidesByOne = `(!has(self.response) ? size(${awaited}) == 1 : self.response.success == 'Primary')`
const passesUpstream =
  "(has(self.body) ? self.body == 'Upstream' : (self.success == 'First' || self.success == 'Primary'))"

export const upstreamRules: readonly Rule[] = [
  {
    code: 'FR0010',
    rule: 'has(self.backendRef) != has(self.url)',
    message: 'exactly one of backendRef or url must be set',
  },
  {
    code: 'FR0011',
    when: 'percent',
    rule: "self.role == 'Shadow'",
    message: 'percent is only allowed on an upstream whose role is Shadow; remove it or set role: Shadow',
  },
  {
    code: 'FR0012',
    when: 'sampleBy',
    rule: "self.role == 'Shadow'",
    message: 'sampleBy is only allowed on an upstream whose role is Shadow; remove it or set role: Shadow',
  },
  {
    code: 'FR0013',
    when: 'url',
    rule: "(self.url.startsWith('http://') || self.url.startsWith('https://')) && !self.url.contains('@') && !self.url.contains('#')",
    message: 'url must start with http:// or https:// and must carry neither credentials nor a fragment',
  },
  {
    code: 'FR0014',
    when: 'request',
    rule: '!has(self.url) || !has(self.request.urlRewrite) || !has(self.request.urlRewrite.path) || !self.url.matches("^https?://[^/?]+[/?]")',
    message: 'request.urlRewrite.path has no effect when url has a path; put the path in one of them',
  },
]

export const pathRewriteRules: readonly Rule[] = [
  {
    code: 'FR0015',
    rule: "(self.type == 'ReplaceFullPath') == has(self.replaceFullPath)",
    message: 'replaceFullPath must be set when type is ReplaceFullPath, and only then',
  },
  {
    code: 'FR0016',
    rule: "(self.type == 'ReplacePrefixMatch') == has(self.replacePrefixMatch)",
    message: 'replacePrefixMatch must be set when type is ReplacePrefixMatch, and only then',
  },
]

export const pathMatchRules: readonly Rule[] = [
  {
    code: 'FR0017',
    rule: "self.type == 'RegularExpression' || (self.value.startsWith('/') && !self.value.contains('?') && !self.value.contains('#'))",
    message: 'value must start with / and contain neither ? nor #; use queryParams to match the query',
  },
  {
    code: 'FR0018',
    rule: "self.type == 'RegularExpression' || !(self.value.contains('.') || self.value.contains('%')) || !self.value.matches('(^|/)([.]|%2[eE]){1,2}(/|$)')",
    message: 'value must not contain . or .. segments: such requests are refused before they are matched',
  },
]

export const timeoutsRules: readonly Rule[] = [
  {
    code: 'FR0020',
    when: 'backendRequest',
    rule: "!has(self.request) || duration(self.request) == duration('0s') || duration(self.backendRequest) <= duration(self.request)",
    message: 'backendRequest must not be longer than request, which bounds every attempt',
  },
]

export const responseRules: readonly Rule[] = [
  {
    code: 'FR0021',
    rule: "(self.success == 'Quorum') == has(self.quorum)",
    message: 'quorum must be set when success is Quorum, and only then',
  },
  {
    code: 'FR0022',
    when: 'statuses',
    rule: `!${passesUpstream}`,
    message:
      'statuses has no effect when the body is an upstream answer; use body: Envelope or Merge, or remove it',
  },
  {
    code: 'FR0024',
    when: 'statuses',
    rule: '![self.statuses.success, self.statuses.partial, self.statuses.failed].exists(s, s in [204, 205, 304])',
    message: 'statuses must not be 204, 205 or 304: these have no body, and an Envelope or Merge is one',
  },
  {
    code: 'FR0023',
    when: 'from',
    rule: `self.success == 'Primary' || (${passesUpstream} && self.success != 'First')`,
    message:
      'from has no effect here; it is for success: Primary, or for body: Upstream with All, Any or Quorum',
  },
]

export const specRules: readonly Rule[] = [
  {
    code: 'FR0030',
    rule: `self.upstreams.exists(u, ${isAwaited})`,
    message: 'at least one upstream must be Required or Optional: somebody has to answer',
  },
  {
    code: 'FR0031',
    when: 'response',
    rule: `!has(self.response.from) || self.upstreams.exists(u, u.name == self.response.from && ${isAwaited})`,
    message: 'response.from must name an upstream of this route whose role is Required or Optional',
  },
  {
    code: 'FR0032',
    when: 'response',
    rule: `self.response.success != 'Primary' || has(self.response.from) || size(${awaited}) == 1`,
    message: 'success: Primary needs response.from, the upstream that decides',
  },
  {
    code: 'FR0033',
    when: 'response',
    rule: `!has(self.response.quorum) || self.response.quorum <= size(${awaited})`,
    message: 'response.quorum must not exceed the number of upstreams that are Required or Optional',
  },
  {
    code: 'FR0034',
    when: 'response',
    rule: `!has(self.response.body) || self.response.body != 'Upstream' || self.response.success == 'First' || has(self.response.from) || size(${awaited}) == 1`,
    message: 'body: Upstream needs response.from, the upstream whose answer is passed on',
  },
  {
    code: 'FR0035',
    rule: `self.limits.onOversize != 'StreamPrimary' || ${decidesByOne}`,
    message:
      'onOversize: StreamPrimary needs response.success: Primary; use StreamAll to stream to every upstream',
  },
]
