import { type CodeEntry, error } from './entry.ts'

/** Rules over several fields. The API server enforces the same ones (`src/api/rules.ts`). */
export const ruleErrors: readonly CodeEntry[] = [
  error('FR0010', {
    title: 'backendRef and url: exactly one is needed',
    why: 'An upstream goes to a Service (`backendRef`) or to a URL (`url`). With both, one of them would be ignored; with none, there is nowhere to send to.',
    fix: 'With both, keep one of the two; with none, add one.',
    wrong: '- name: inventory\n  backendRef: {name: inventory, port: 8080}\n  url: http://inventory:8080',
    right: '- name: inventory\n  backendRef: {name: inventory, port: 8080}',
  }),
  error('FR0011', {
    title: 'percent on an upstream that is not a Shadow',
    why: 'Required and Optional upstreams get every request; only copies to a Shadow are sampled.',
    fix: 'Remove `percent`, or set `role: Shadow`.',
    wrong: '- {name: crm, url: "http://crm:8080", percent: 10}',
    right: '- {name: crm, url: "http://crm:8080", role: Shadow, percent: 10}',
  }),
  error('FR0012', {
    title: 'sampleBy on an upstream that is not a Shadow',
    why: 'Required and Optional upstreams get every request; only copies to a Shadow are sampled.',
    fix: 'Remove `sampleBy`, or set `role: Shadow`.',
    wrong: '- {name: crm, url: "http://crm:8080", sampleBy: {header: x-user-id}}',
    right: '- {name: crm, url: "http://crm:8080", role: Shadow, percent: 10, sampleBy: {header: x-user-id}}',
  }),
  error('FR0013', {
    title: 'url with another scheme, with credentials or with a fragment',
    why: 'The relay speaks http and https. Credentials in a URL end up in logs and in `kubectl get`; a fragment is never sent.',
    fix: 'Begin with `http://` or `https://` in lower case; take `user:password@` and `#…` out.',
    wrong: 'url: http://admin:secret@crm:8080',
    right: 'url: http://crm:8080',
  }),
  error('FR0014', {
    title: 'two paths for one upstream',
    why: 'A `url` with a path sends there, and `urlRewrite.path` says something else; one would be ignored.',
    fix: 'Take the path out of `url`, or remove `urlRewrite.path`.',
    wrong:
      'url: http://crm:8080/api\nrequest: {urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /v2}}}',
    right:
      'url: http://crm:8080\nrequest: {urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /v2}}}',
  }),
  error('FR0015', {
    title: 'replaceFullPath does not go with type',
    why: 'The type says which of the two replacements is meant.',
    fix: 'Set `replaceFullPath` with `type: ReplaceFullPath`, and only then.',
    wrong: 'path: {type: ReplaceFullPath}',
    right: 'path: {type: ReplaceFullPath, replaceFullPath: /inventory/deduct}',
  }),
  error('FR0016', {
    title: 'replacePrefixMatch does not go with type',
    why: 'The type says which of the two replacements is meant.',
    fix: 'Set `replacePrefixMatch` with `type: ReplacePrefixMatch`, and only then.',
    wrong: 'path: {type: ReplacePrefixMatch}',
    right: 'path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}',
  }),
  error('FR0017', {
    title: 'path that cannot match',
    why: 'Paths begin with `/` and are compared without the query, so this value could never match.',
    fix: 'Begin with `/`; match the query with `queryParams`.',
    wrong: 'path: {value: "orders?dryRun=true"}',
    right: 'path: {value: /orders}\nqueryParams: [{name: dryRun, value: "true"}]',
  }),
  error('FR0018', {
    title: 'path with . or .. segments',
    why: 'Requests with such segments are refused with 400 before they are matched: servers resolve them differently, which lets callers slip past rules.',
    fix: 'Write the path they resolve to.',
    wrong: 'path: {value: /shop/../orders}',
    right: 'path: {value: /orders}',
  }),
  error('FR0020', {
    title: 'backendRequest longer than request',
    why: '`request` bounds the whole with all of its attempts, so an attempt can never take longer.',
    fix: 'Shorten `backendRequest` or lengthen `request`.',
    wrong: 'timeouts: {request: 1s, backendRequest: 2s}',
    right: 'timeouts: {request: 3s, backendRequest: 2s}',
  }),
  error('FR0021', {
    title: 'quorum does not go with success',
    why: 'Only `success: Quorum` counts, and it needs to know how many are enough.',
    fix: 'Set `quorum` with `success: Quorum`, and only then.',
    wrong: 'response: {success: Quorum}',
    right: 'response: {success: Quorum, quorum: 2}',
  }),
  error('FR0022', {
    title: 'statuses without effect',
    why: 'When the caller gets an upstream answer as it is, it gets the status of that answer too.',
    fix: 'Use `body: Envelope` or `Merge`, or remove `statuses`.',
    wrong: 'response: {success: First, statuses: {failed: 503}}',
    right: 'response: {success: First, body: Envelope, statuses: {failed: 503}}',
  }),
  error('FR0023', {
    title: 'from without effect',
    why: '`from` names who decides under `Primary`, or whose answer `body: Upstream` passes on. Here it does neither.',
    fix: 'Remove `from`, or use `success: Primary` or `body: Upstream`.',
    wrong: 'response: {success: All, from: inventory}',
    right: 'response: {success: All, from: inventory, body: Upstream}',
  }),
  error('FR0024', {
    title: 'status without a body',
    why: 'An answer with 204, 205 or 304 has no body (RFC 9110 §15), so an Envelope or a Merge would be lost.',
    fix: 'Use another status, for example 200 or 202.',
    wrong: 'response: {statuses: {success: 204}}',
    right: 'response: {statuses: {success: 200}}',
  }),
  error('FR0030', {
    title: 'nobody to answer',
    why: 'A Shadow can never answer the caller, so at least one upstream must be Required or Optional.',
    fix: 'Set `role: Required` on the upstream that answers.',
    wrong: 'upstreams: [{name: canary, role: Shadow, url: "http://canary:8080"}]',
    right:
      'upstreams:\n- {name: stable, url: "http://stable:8080"}\n- {name: canary, role: Shadow, url: "http://canary:8080"}',
  }),
  error('FR0031', {
    title: 'response.from names no upstream that can answer',
    why: '`from` must be the name of an upstream of this route whose role is Required or Optional.',
    fix: 'Write the name of such an upstream.',
    wrong:
      'upstreams: [{name: inventory, url: "http://inventory:8080"}]\nresponse: {success: Primary, from: crm}',
    right:
      'upstreams: [{name: inventory, url: "http://inventory:8080"}]\nresponse: {success: Primary, from: inventory}',
  }),
  error('FR0032', {
    title: 'Primary without the upstream that decides',
    why: 'With several awaited upstreams, `success: Primary` has to be told which of them decides.',
    fix: 'Set `response.from`.',
    wrong: 'response: {success: Primary}',
    right: 'response: {success: Primary, from: inventory}',
  }),
  error('FR0033', {
    title: 'quorum that can never be reached',
    why: 'Only Required and Optional upstreams count, and there are fewer of them than the quorum asks for.',
    fix: 'Lower `quorum` or add upstreams.',
    wrong: 'upstreams: [{name: a, url: "http://a:80"}]\nresponse: {success: Quorum, quorum: 2}',
    right:
      'upstreams: [{name: a, url: "http://a:80"}, {name: b, url: "http://b:80"}]\nresponse: {success: Quorum, quorum: 2}',
  }),
  error('FR0034', {
    title: 'body Upstream without the upstream to pass on',
    why: 'With several awaited upstreams, `body: Upstream` has to be told whose answer the caller gets.',
    fix: 'Set `response.from`.',
    wrong: 'response: {success: All, body: Upstream}',
    right: 'response: {success: All, body: Upstream, from: inventory}',
  }),
  error('FR0035', {
    title: 'StreamPrimary without a primary',
    why: '`onOversize: StreamPrimary` streams a large body to the upstream that decides under `Primary`.',
    fix: 'Use `response.success: Primary`, or `onOversize: StreamAll`.',
    wrong: 'limits: {onOversize: StreamPrimary}\nresponse: {success: All}',
    right: 'limits: {onOversize: StreamPrimary}\nresponse: {success: Primary, from: inventory}',
  }),
]
