import { type CodeEntry, warning } from './entry.ts'

/** A valid route that probably does not do what its author thinks. */
export const routeWarnings: readonly CodeEntry[] = [
  warning('FR0101', {
    title: 'hidden route',
    why: 'Every request this route would take is taken by one that ranks before it. PathPrefix matches rank before regular expressions, so a broad prefix hides them; equal matches are decided by age, then by name.',
    fix: 'Make the match narrower than that of the winner (an Exact path, a method, a header), or remove one of the routes.',
    wrong:
      'matches: [{path: {type: RegularExpression, value: "/orders/[0-9]+"}}]   # while another has PathPrefix /orders',
    right: 'matches: [{path: {type: PathPrefix, value: /orders/by-id}}]',
  }),
  warning('FR0102', {
    title: 'tie decided by name only',
    why: 'Two routes can match the same request and rank equally, so the alphabetical order of their names decides. Renaming one would move traffic.',
    fix: 'Add to one of them what sets it apart, such as a method, a header or a longer path.',
    wrong:
      'matches: [{headers: [{name: x-beta, value: "1"}]}]   # and in another route\nmatches: [{headers: [{name: x-tenant, value: acme}]}]',
    right: 'matches: [{headers: [{name: x-beta, value: "1"}, {name: x-tenant, value: acme}]}]',
  }),
  warning('FR0103', {
    title: 'success All that cannot fail',
    why: '`All` means every Required upstream, and this route has none: it answers with success even when every upstream failed.',
    fix: 'Make an upstream Required, or use `success: Any`.',
    wrong:
      'upstreams: [{name: a, role: Optional, url: "http://a:80"}, {name: b, role: Optional, url: "http://b:80"}]',
    right:
      'upstreams: [{name: a, role: Optional, url: "http://a:80"}, {name: b, role: Optional, url: "http://b:80"}]\nresponse: {success: Any}',
  }),
  warning('FR0104', {
    title: 'url that sends everything to /',
    why: 'A `url` with a path sends there whatever the caller asked for, and `/` is a path.',
    fix: "Leave the last slash out to keep the caller's path.",
    wrong: 'url: http://crm:8080/',
    right: 'url: http://crm:8080',
  }),
  warning('FR0105', {
    title: 'shadow that never gets a copy',
    why: '`percent: 0` sends nothing.',
    fix: 'Raise `percent`, or remove the upstream. As a switch for a rollout this is fine.',
    wrong: '- {name: canary, role: Shadow, url: "http://canary:80", percent: 0}',
    right: '- {name: canary, role: Shadow, url: "http://canary:80", percent: 1}',
  }),
  warning('FR0106', {
    title: 'timeout without effect',
    why: "An awaited upstream is bounded by the route's `request` as well, so a longer time of its own is never reached.",
    fix: "Shorten it, or lengthen the route's `timeouts.request`.",
    wrong: 'timeouts: {request: 2s}\nupstreams: [{name: crm, url: "http://crm:80", timeouts: {request: 5s}}]',
    right: 'timeouts: {request: 5s}\nupstreams: [{name: crm, url: "http://crm:80"}]',
  }),
  warning('FR0108', {
    title: 'nothing bounds the request',
    why: 'With `request: 0s` and no `backendRequest` an upstream that never answers holds memory and a connection for as long as the caller waits, or for ever. An answer that is streamed to the caller (Primary or First with an upstream body) is meant to last and ends when the caller leaves, so it is left alone.',
    fix: 'Set `backendRequest`, or give `request` a time that is long enough.',
    wrong: 'timeouts: {request: 0s}\nresponse: {success: All}',
    right: 'timeouts: {request: 0s, backendRequest: 30s}\nresponse: {success: All}',
  }),
  warning('FR0109', {
    title: 'shadow to the same place as an awaited upstream',
    why: 'The service gets every sampled request twice. What writes, writes twice.',
    fix: 'Send the shadow to another deployment or another path.',
    wrong: '- {name: stable, url: "http://orders:80"}\n- {name: copy, role: Shadow, url: "http://orders:80"}',
    right:
      '- {name: stable, url: "http://orders:80"}\n- {name: copy, role: Shadow, url: "http://orders-v2:80"}',
  }),
  warning('FR0113', {
    title: 'sampleBy without effect',
    why: 'With `percent` omitted, 100 or 0 there is nothing to decide.',
    fix: 'Set `percent` between 1 and 99, or remove `sampleBy`.',
    wrong: '- {name: canary, role: Shadow, url: "http://canary:80", sampleBy: {header: x-user-id}}',
    right:
      '- {name: canary, role: Shadow, url: "http://canary:80", percent: 10, sampleBy: {header: x-user-id}}',
  }),
  warning('FR0114', {
    title: 'hidden match',
    why: 'Every request this match would take is taken by one that ranks before it; the other matches of the route are reached.',
    fix: 'Make the match narrower than that of the winner, or remove it.',
    wrong: 'matches: [{path: {value: /orders}}, {path: {value: /orders/}}]',
    right: 'matches: [{path: {value: /orders}}]',
  }),
  warning('FR0115', {
    title: '* in a path is taken literally',
    why: 'Exact and PathPrefix compare characters; there are no wildcards. A PathPrefix already takes everything below it.',
    fix: 'Leave `/*` out, or use RegularExpression.',
    wrong: 'path: {value: "/orders/*"}',
    right: 'path: {value: /orders}',
  }),
  warning('FR0116', {
    title: 'path that the relay keeps for itself',
    why: 'Requests below `/-/fanout/` are answered by the relay and never matched.',
    fix: 'Use another path.',
    wrong: 'path: {value: /-/fanout/orders}',
    right: 'path: {value: /orders}',
  }),
  warning('FR0118', {
    title: 'large bodies held in memory',
    why: 'A body is held in memory, once for all upstreams, until the last of them has answered: up to `maxBodySize` for each request in flight. Beyond 64Mi a few requests fill the memory of a relay, or the bound that `--max-buffered` sets.',
    fix: 'Lower `maxBodySize` and let larger bodies through as streams with `onOversize: StreamAll`.',
    wrong: 'limits: {maxBodySize: 1Gi}',
    right: 'limits: {maxBodySize: 1Mi, onOversize: StreamAll}',
  }),
  warning('FR0129', {
    title: 'field that is empty',
    why: 'A field with nothing behind it is null in YAML. The API server drops such a field before it judges a route, and so does the relay: it counts as left out, and its default holds. `retry:` alone does not mean `retry: {}`, and `matches:` alone means every path.',
    fix: 'Give it a value, `{}` or `[]` if it is to be there and empty, or remove it.',
    wrong: 'retry:',
    right: 'retry: {}',
  }),
  warning('FR0134', {
    title: 'failed Merge with the status of a success',
    why: 'A Merge has no room for failures: a request that failed is answered with a problem document. With a status below 400 callers, caches and proxies take that document for what they asked for. An Envelope says in its `status` that it failed, so there any status is fine.',
    fix: 'Use 400 or above, or `body: Envelope`.',
    wrong: 'response: {body: Merge, statuses: {failed: 200}}',
    right: 'response: {body: Merge, statuses: {failed: 503}}',
  }),
]
