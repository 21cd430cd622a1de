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
  },
  {
    code: 'FR0054',
    when: 'window',
    rule: 'self.failurePercent > 0',
    message: 'window has no effect while failurePercent is 0',
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

/** Of spec. */
export const retryBudgetRules: readonly Rule[] = [
  {
    code: 'FR0056',
    when: 'retryBudget',
    rule: 'has(self.retry) || self.upstreams.exists(u, has(u.retry) || has(u.hedge))',
    message: 'retryBudget has no effect while nothing is retried or hedged; add retry or hedge, or remove it',
  },
]
