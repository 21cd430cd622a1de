import { type CodeEntry, error } from './entry.ts'

/** Found when names, URLs and patterns are resolved. */
export const resolutionErrors: readonly CodeEntry[] = [
  error('FR0040', {
    title: 'backendRef that leads nowhere',
    why: 'Without a cluster there is no DNS name for a Service; backends.yaml says where each one is, and it has no entry for this one.',
    fix: 'Add the line the message shows to backends.yaml.',
    wrong: '# backends.yaml\ncrm: http://localhost:9002',
    right: '# backends.yaml\ncrm: http://localhost:9002\ninventory: http://localhost:9001',
  }),
  error('FR0041', {
    title: 'invalid regular expression',
    why: 'Patterns are RE2, which matches in linear time and therefore has no look-around and no back-references.',
    fix: 'Rewrite the pattern in RE2; several matches may stand for one with look-around.',
    wrong: 'path: {type: RegularExpression, value: "/orders/(?!draft).*"}',
    right: 'path: {type: RegularExpression, value: "/orders/[0-9]+"}',
  }),
  error('FR0042', {
    title: 'unusable URL',
    why: 'The URL has no valid host or port, or characters in its path that do not belong into a request line.',
    fix: 'Write `http://host:port`, with a path only where every request is to go there.',
    wrong: 'url: http://crm:0',
    right: 'url: http://crm:8080',
  }),
  error('FR0043', {
    title: 'ReplacePrefixMatch without a matched prefix',
    why: 'Exact and RegularExpression matches have no prefix that could be replaced.',
    fix: 'Use PathPrefix in every match of the route, or `type: ReplaceFullPath`.',
    wrong:
      'matches: [{path: {type: Exact, value: /orders}}]\n# with urlRewrite.path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}',
    right:
      'matches: [{path: {type: PathPrefix, value: /orders}}]\n# with urlRewrite.path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}',
  }),
  error('FR0047', {
    title: 'header that a route may not touch',
    why: 'These headers frame the message or belong to one connection (RFC 9110 §7.6.1). The relay makes them itself for every request; changing them would break the message or let it be smuggled past a check.',
    fix: 'Remove the entry. For Host use `urlRewrite.hostname`.',
    wrong: 'headers: {set: [{name: Host, value: inventory.shop}]}',
    right: 'urlRewrite: {hostname: inventory.shop}',
  }),
  error('FR0048', {
    title: 'route not served at all',
    why: 'The route is invalid, has no earlier valid version, and what is wrong may be what narrows it: a field that looks like a misspelt `matches` or `hostnames`, or no match that can be read. Other invalid routes answer 503 to their requests; this one cannot know which they are, so they go to other routes or get 404.',
    fix: 'Mend the field the message names.',
    wrong: 'match: [{path: {value: /orders}}]',
    right: 'matches: [{path: {value: /orders}}]',
  }),
  error('FR0049', {
    title: 'header that a route cannot match',
    why: 'These headers frame the message or belong to one connection (RFC 9110 §7.6.1). The relay takes them away before it asks any route, so a match on one would never hold.',
    fix: 'Remove the entry. For Host use `spec.hostnames`.',
    wrong: 'matches: [{headers: [{name: Host, value: orders.local}]}]',
    right: 'hostnames: [orders.local]',
  }),
]
