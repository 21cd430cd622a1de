import { type CodeEntry, error } from './entry.ts'

/** Rules of the policies (`src/api/policy-rules.ts`). */
export const policyErrors: readonly CodeEntry[] = [
  error('FR0050', {
    title: 'status that is not worth a retry',
    why: 'Statuses below 500 other than 408, 425 and 429 are about the request, not about the moment: sending it again brings the same answer.',
    fix: 'List 408, 425, 429 and 500 to 599 only.',
    wrong: 'retry: {codes: [404, 503]}',
    right: 'retry: {codes: [429, 503]}',
  }),
  error('FR0051', {
    title: 'maxBackoff shorter than backoff',
    why: '`maxBackoff` bounds the wait, so a longer `backoff` would never be waited. An upstream takes each of the two from the route where it has none of its own.',
    fix: 'Lengthen `maxBackoff` or shorten `backoff`; an upstream may set both.',
    wrong: 'retry: {backoff: 5s, maxBackoff: 1s}',
    right: 'retry: {backoff: 1s, maxBackoff: 5s}',
  }),
  error('FR0052', {
    title: 'duration out of bounds',
    why: 'A policy keeps a timer or what it has seen for this long, so the time is bounded; and some times mean nothing at 0s.',
    fix: 'Write a time within the bounds that the message gives.',
    wrong: 'rateLimit: {requests: 100, interval: 0s}',
    right: 'rateLimit: {requests: 100, interval: 1s}',
  }),
  error('FR0053', {
    title: 'circuitBreaker that never opens',
    why: '`consecutiveFailures` and `failurePercent` are the two rules that open a circuit; 0 switches a rule off, and here both are.',
    fix: 'Give one of them a value above 0, or remove `circuitBreaker`.',
    wrong: 'circuitBreaker: {consecutiveFailures: 0, failurePercent: 0}',
    right: 'circuitBreaker: {consecutiveFailures: 5, failurePercent: 0}',
  }),
  error('FR0054', {
    title: 'minimumRequests or window without failurePercent',
    why: 'Both belong to `failurePercent`: how far back it looks and how many requests it needs. At 0 that rule is off.',
    fix: 'Remove them, or set `failurePercent` above 0.',
    wrong: 'circuitBreaker: {failurePercent: 0, minimumRequests: 50}',
    right: 'circuitBreaker: {failurePercent: 25, minimumRequests: 50}',
  }),
  error('FR0055', {
    title: 'header that cannot carry a key',
    why: 'These headers frame the message, belong to one connection, carry credentials, or are made by the relay; a key in them would break the message or be replaced.',
    fix: 'Leave `header` out for `Idempotency-Key`, or name one that the upstreams take a key from.',
    wrong: 'idempotencyKey: {header: X-Request-Id}',
    right: 'idempotencyKey: {header: X-Idempotency-Key}',
  }),
  error('FR0056', {
    title: 'retryBudget without retries',
    why: 'The budget bounds retries and hedges, and no upstream of this route has either.',
    fix: 'Add `retry` or `hedge`, or remove `retryBudget`.',
    wrong: 'retryBudget: {percent: 10}',
    right: 'retry: {attempts: 2}\nretryBudget: {percent: 10}',
  }),
]
