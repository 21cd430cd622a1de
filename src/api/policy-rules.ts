import type { Rule } from './rule.ts'

/** FR0052: a duration that must end some time, and must not be 0s unless that means something. */
const bounded = (field: string, most: string, { zero = false } = {}): Rule => ({
  code: 'FR0052',
  when: field,
  rule: `duration(self.${field}) ${zero ? '>=' : '>'} duration('0s') && duration(self.${field}) <= duration('${most}')`,
  message: `${field} must be ${zero ? '' : 'longer than 0s and '}at most ${most}`,
})

export const retryRules: readonly Rule[] = [
  {
    code: 'FR0050',
    when: 'codes',
    rule: 'self.codes.all(c, c >= 500 || c == 408 || c == 425 || c == 429)',
    message:
      'codes may be 408, 425, 429 and 500 to 599: other statuses say the same however often they are asked',
  },
  {
    code: 'FR0051',
    when: 'maxBackoff',
    rule: '!has(self.backoff) || duration(self.maxBackoff) >= duration(self.backoff)',
    message: 'maxBackoff must not be shorter than backoff, which it bounds',
    fix: 'lengthen maxBackoff, or shorten backoff',
  },
  bounded('backoff', '10m', { zero: true }),
  bounded('maxBackoff', '1h', { zero: true }),
  bounded('retryAfterMax', '24h', { zero: true }),
]

export const rateLimitRules: readonly Rule[] = [bounded('interval', '24h')]

export const circuitBreakerRules: readonly Rule[] = [
  {
    code: 'FR0053',
    rule: 'self.consecutiveFailures > 0 || self.failurePercent > 0',
    message: 'a circuitBreaker needs consecutiveFailures or failurePercent: with both at 0 it never opens',
  },
  {
    code: 'FR0054',
    when: 'minimumRequests',
    rule: 'self.failurePercent > 0',
    message: 'minimumRequests has no effect while failurePercent is 0',
    fix: 'remove minimumRequests, or set failurePercent above 0',
  },
  {
    code: 'FR0054',
    when: 'window',
    rule: 'self.failurePercent > 0',
    message: 'window has no effect while failurePercent is 0',
    fix: 'remove window, or set failurePercent above 0',
  },
  bounded('window', '1h'),
  bounded('openDuration', '24h'),
]

export const hedgeRules: readonly Rule[] = [bounded('delay', '1h')]

/** Headers that frame a message, belong to one connection, or are the relay's own: none can carry a key. */
const reserved =
  'connection|content-(encoding|length|type)|expect|host|http2-settings|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|via|traceparent|tracestate|x-request-id|x-fanout-.*|authorization|cookie'

export const idempotencyKeyRules: readonly Rule[] = [
  {
    code: 'FR0055',
    when: 'header',
    rule: `!self.header.matches('(?i)^(${reserved})$')`,
    message:
      'header must be one that is there for keys: not one of the connection, of the body or of the relay',
  },
  bounded('ttl', '168h'),
]

/** Of spec: FR0051 for upstreams that take one of the two from the route. */
export const inheritedRetryRules: readonly Rule[] = [
  {
    code: 'FR0051',
    when: 'retry',
    each: 'upstreams',
    rule: '!has(self.retry.maxBackoff) || !has(u.retry) || !has(u.retry.backoff) || has(u.retry.maxBackoff) || duration(self.retry.maxBackoff) >= duration(u.retry.backoff)',
    field: ['retry', 'backoff'],
    message: 'backoff of an upstream must not be longer than the maxBackoff of spec.retry, which bounds it',
    fix: 'shorten backoff, or set maxBackoff beside it',
  },
  {
    code: 'FR0051',
    when: 'retry',
    each: 'upstreams',
    rule: '!has(self.retry.backoff) || !has(u.retry) || !has(u.retry.maxBackoff) || has(u.retry.backoff) || duration(u.retry.maxBackoff) >= duration(self.retry.backoff)',
    field: ['retry', 'maxBackoff'],
    message: 'maxBackoff of an upstream must not be shorter than the backoff of spec.retry, which it bounds',
    fix: 'lengthen maxBackoff, or set backoff beside it',
  },
]

/** Of spec. */
export const retryBudgetRules: readonly Rule[] = [
  {
    code: 'FR0056',
    when: 'retryBudget',
    rule: 'has(self.retry) || self.upstreams.exists(u, has(u.retry) || has(u.hedge))',
    message: 'retryBudget has no effect while nothing is retried or hedged; add retry or hedge, or remove it',
  },
]
