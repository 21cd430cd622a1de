import { type CodeEntry, warning } from './entry.ts'

/** Policies that hardly do what their author thinks. */
export const policyWarnings: readonly CodeEntry[] = [
  warning('FR0107', {
    title: 'retries that will not happen',
    why: 'A request other than GET, HEAD and OPTIONS may change something, so it is sent again only if none of it was sent the first time, or if it carries an idempotency key. A route without `idempotencyKey` gives it none, so it depends on callers that send `Idempotency-Key`. A match without `method` takes such requests too.',
    fix: 'Add `idempotencyKey: {}` to the route if its upstreams know keys, match GET alone, or say `attempts: 0`. `nonIdempotent: true` retries without a key and may do a write twice.',
    wrong: 'matches: [{method: POST}]\nretry: {attempts: 2}',
    right: 'matches: [{method: POST}]\nretry: {attempts: 2}\nidempotencyKey: {}',
  }),
  warning('FR0119', {
    title: 'retries that may repeat a write',
    why: 'With `nonIdempotent: true` a request is sent again though the first one may have been carried out: an answer that got lost looks like a failure. Without an idempotency key the upstream cannot tell the second from the first.',
    fix: 'Use `idempotencyKey: {}` instead, which makes retries safe where upstreams know keys. Keep it where a second write does no harm.',
    wrong: 'retry: {attempts: 2, nonIdempotent: true}',
    right: 'retry: {attempts: 2}\nidempotencyKey: {}',
  }),
  warning('FR0120', {
    title: 'retry setting without effect',
    why: 'Nothing can make use of this setting: no upstream is retried, or each has its own value, or something else decides already.',
    fix: 'Remove it, or change what the message names.',
    wrong: 'retry: {attempts: 0, backoff: 1s}',
    right: 'retry: {attempts: 2, backoff: 1s}',
  }),
  warning('FR0121', {
    title: 'retries that cannot begin',
    why: '`timeouts.request` bounds all tries together. When each of them takes as long as `backendRequest` lets it, time is up before the last retry begins, even with no wait in between. And a wait that would pass the deadline is not begun: the first is random, half of `backoff` on average.',
    fix: 'Shorten `backendRequest` or `backoff`, lengthen `request`, or lower `attempts`.',
    wrong: 'timeouts: {request: 1s, backendRequest: 800ms}\nretry: {attempts: 2}',
    right: 'timeouts: {request: 2s, backendRequest: 500ms}\nretry: {attempts: 2}',
  }),
  warning('FR0122', {
    title: 'failurePercent that cannot open the circuit',
    why: 'The share of failures counts from `minimumRequests` in a `window` on, and the rate limits do not let as many through.',
    fix: 'Lower `minimumRequests`, lengthen `window`, or use `consecutiveFailures`.',
    wrong:
      'rateLimit: {requests: 1, interval: 1m}\ncircuitBreaker: {consecutiveFailures: 0, minimumRequests: 20, window: 10s}',
    right:
      'rateLimit: {requests: 1, interval: 1m}\ncircuitBreaker: {consecutiveFailures: 5, failurePercent: 0}',
  }),
  warning('FR0123', {
    title: 'rate limit below what comes in',
    why: 'Each attempt takes a token of its upstream, retries and hedges included. What the route lets in, and what the retry budget adds, is more than this limit lets through for long: the rest fails with `rate_limited`.',
    fix: "Raise it, lower the route's `rateLimit`, or lower `retryBudget`.",
    wrong:
      'rateLimit: {requests: 100}\nupstreams: [{name: crm, url: "http://crm:80", rateLimit: {requests: 50}}]',
    right:
      'rateLimit: {requests: 50}\nupstreams: [{name: crm, url: "http://crm:80", rateLimit: {requests: 50}}]',
  }),
  warning('FR0124', {
    title: 'hedge that never happens',
    why: 'A second attempt is sent beside the first when `delay` has passed without an answer; only for GET, HEAD and OPTIONS, or with an idempotency key, which a route without `idempotencyKey` leaves to its callers; and only while there is time left.',
    fix: 'Add `idempotencyKey: {}` to the route, or shorten `delay` below `backendRequest` and `request`.',
    wrong: 'timeouts: {backendRequest: 500ms}\nhedge: {delay: 1s}',
    right: 'timeouts: {backendRequest: 500ms}\nhedge: {delay: 100ms}',
  }),
  warning('FR0125', {
    title: 'idempotencyKey without effect',
    why: 'GET, HEAD and OPTIONS are repeatable by themselves and get no key, and this route takes nothing else.',
    fix: 'Remove `idempotencyKey`.',
    wrong: 'matches: [{method: GET}]\nidempotencyKey: {}',
    right: 'matches: [{method: POST}]\nidempotencyKey: {}',
  }),
  warning('FR0126', {
    title: 'concurrency that does not go with the rest',
    why: 'Either more attempts are asked for at once than `maxParallelRequests` lets through, so that they wait for each other, or another limit is reached first: 4,096 requests in flight to an upstream, 256 to a Shadow.',
    fix: 'Raise or lower `maxParallelRequests` as the message says.',
    wrong: 'concurrency: {maxParallelRequests: 1}\nhedge: {delay: 100ms, maxParallel: 2}',
    right: 'concurrency: {maxParallelRequests: 64}\nhedge: {delay: 100ms, maxParallel: 2}',
  }),
  warning('FR0127', {
    title: 'waiting that nothing bounds',
    why: 'A request that waits for its turn is bounded by `timeouts.request` alone; `backendRequest` begins to run when it is sent. With `request: 0s` it may wait for as long as the upstream is busy.',
    fix: 'Set `timeouts.request` for the route or this upstream, `maxPendingRequests: 0`, or `onLimit: Fail`.',
    wrong: 'timeouts: {request: 0s}\nconcurrency: {maxParallelRequests: 8}',
    right: 'timeouts: {request: 30s}\nconcurrency: {maxParallelRequests: 8}',
  }),
  warning('FR0130', {
    title: 'retries that open the circuit themselves',
    why: 'Every try that fails counts for the circuit breaker. With `consecutiveFailures` no higher than `attempts`, one unlucky request opens the circuit for everybody, and its last retries are not sent because nothing is retried into an open circuit.',
    fix: 'Set `consecutiveFailures` well above `attempts`, or lower `attempts`.',
    wrong: 'retry: {attempts: 3}\ncircuitBreaker: {consecutiveFailures: 3}',
    right: 'retry: {attempts: 2}\ncircuitBreaker: {consecutiveFailures: 10}',
  }),
  warning('FR0131', {
    title: 'circuit breaker whose probe may never end',
    why: 'A half-open circuit waits for the answer to its probe. With `request: 0s` and no `backendRequest` an upstream that never answers holds it for ever; the breaker sends another probe after `openDuration`, and each holds a connection meanwhile.',
    fix: 'Set `backendRequest`, or give `request` a time.',
    wrong: 'timeouts: {request: 0s}\ncircuitBreaker: {}',
    right: 'timeouts: {request: 0s, backendRequest: 30s}\ncircuitBreaker: {}',
  }),
  warning('FR0132', {
    title: 'waiting for a token that comes too late',
    why: 'The limit refills evenly, one token every `interval` divided by `requests`. That is longer than a request to this upstream may take, so one that would have to wait for longer than it has fails at once, as with `onLimit: Fail`.',
    fix: 'Use `onLimit: Fail`, raise `requests`, or lengthen `timeouts.request`.',
    wrong: 'timeouts: {request: 2s}\nrateLimit: {requests: 1, interval: 1m, onLimit: Wait}',
    right: 'timeouts: {request: 2s}\nrateLimit: {requests: 60, interval: 1m, onLimit: Wait}',
  }),
]
