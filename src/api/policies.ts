import * as z from 'zod'
import { setList } from './lists.ts'
import {
  circuitBreakerRules,
  hedgeRules,
  idempotencyKeyRules,
  rateLimitRules,
  retryRules,
} from './policy-rules.ts'
import { validations } from './rule.ts'
import { duration, headerName } from './scalars.ts'

/*
 * What is done about failures and load: the policies of a route and of its legs. Descriptions become
 * `kubectl explain`.
 */

const whole = (least: number, most: number) => z.int().min(least).max(most)

/**
 * The same fields for the route and for a leg. None has a default here: a leg inherits field by field, and
 * what neither of them says is filled in when the route is planned.
 *
 * @param omitted What a field that is left out means, after "Omitted = ".
 */
const retry = (omitted: (fallback: string) => string) =>
  z
    .strictObject({
      attempts: whole(0, 10)
        .optional()
        .describe(
          `How often a request is sent again at most, after the first try. 0 = never. Omitted = ${omitted('2')}. Example: 2`,
        ),
      backoff: duration()
        .optional()
        .describe(
          `Bound of the random wait before the first retry; it doubles with every further one. 0s = none. At most 10m. Omitted = ${omitted('100ms, or maxBackoff where that is shorter')}. Example: 100ms`,
        ),
      maxBackoff: duration()
        .optional()
        .describe(
          `What the doubling stops at. At most 1h. Omitted = ${omitted('2s, or backoff where that is longer')}. Example: 2s`,
        ),
      codes: z
        .array(whole(100, 599).describe('A status: 408, 425, 429 or 500 to 599. Example: 503'))
        .max(32)
        .optional()
        .meta(setList)
        .describe(
          `Statuses of an upstream that are worth another try: 408, 425, 429 and 500 to 599; any other stays as it is. [] = none. Omitted = ${omitted('502, 503 and 504')}. Example: [503]`,
        ),
      on: z
        .array(
          z
            .enum(['ConnectFailure', 'Reset', 'Timeout'])
            .describe('A failure without an answer. Example: ConnectFailure'),
        )
        .max(3)
        .optional()
        .meta(setList)
        .describe(
          `Failures without an answer that are worth another try. ConnectFailure: no connection came about. Reset: the connection ended before an answer began. Timeout: backendRequest passed. [] = none. Omitted = ${omitted('all three')}. Example: [ConnectFailure]`,
        ),
      retryAfterMax: duration()
        .optional()
        .describe(
          `Longest wait that a Retry-After of the upstream can bring about. 0s = it is ignored. At most 24h. Omitted = ${omitted('30s')}. Example: 30s`,
        ),
      nonIdempotent: z
        .boolean()
        .optional()
        .describe(
          `Whether requests other than GET, HEAD and OPTIONS are sent again though they carry no idempotency key: true may do a write twice. Omitted = ${omitted('false')}.`,
        ),
    })
    .meta(validations(retryRules))

export const routeRetry = retry(fallback => fallback)
export const legRetry = retry(fallback => `the route's, or ${fallback}`)

export const retryBudget = z.strictObject({
  percent: whole(0, 100)
    .default(20)
    .describe(
      'Retries and hedges in any second, as a share of the first tries of that second, over all upstreams. Defaults to 20.',
    ),
  minPerSecond: whole(0, 10_000)
    .default(10)
    .describe('Retries and hedges that are allowed in any second beyond that share. Defaults to 10.'),
})

const rateLimitFields = {
  requests: whole(1, 1_000_000).describe('How many requests each interval allows. Example: 200'),
  interval: duration()
    .default('1s')
    .describe('The interval, longer than 0s and at most 24h. Defaults to 1s. Example: 1m'),
  burst: whole(1, 1_000_000)
    .optional()
    .describe(
      'How many requests may come at once after a quiet time: the size of the token bucket, which refills evenly. Omitted = requests. Example: 400',
    ),
  scope: z
    .enum(['Local', 'Global'])
    .default('Local')
    .describe(
      'Local: each relay counts for itself. Global: all relays that share a limit store count together. Defaults to Local.',
    ),
}

export const routeRateLimit = z.strictObject(rateLimitFields).meta(validations(rateLimitRules))

export const legRateLimit = z
  .strictObject({
    ...rateLimitFields,
    onLimit: z
      .enum(['Fail', 'Wait'])
      .default('Fail')
      .describe(
        'What becomes of a request beyond the limit. Fail: rate_limited at once. Wait: it waits for its turn within its deadline. Defaults to Fail.',
      ),
  })
  .meta(validations(rateLimitRules))

export const idempotencyKey = z
  .strictObject({
    header: headerName()
      .default('Idempotency-Key')
      .describe('Name of the header that carries the key, in any case. Defaults to Idempotency-Key.'),
    generate: z
      .boolean()
      .default(true)
      .describe('Whether a request that brings no key is given one. Defaults to true.'),
    ttl: duration()
      .default('24h')
      .describe(
        'How long the answer to a key is remembered, longer than 0s and at most 168h. Defaults to 24h. Example: 1h',
      ),
  })
  .meta(validations(idempotencyKeyRules))

export const circuitBreaker = z
  .strictObject({
    consecutiveFailures: whole(0, 1000)
      .default(5)
      .describe('So many failures in a row open the circuit. 0 = this rule is off. Defaults to 5.'),
    failurePercent: whole(0, 100)
      .default(50)
      .describe(
        'This share of failures among the requests of a window opens the circuit. 0 = this rule is off. Defaults to 50.',
      ),
    minimumRequests: whole(1, 10_000)
      .optional()
      .describe(
        'How many requests a window needs before failurePercent counts. Only with failurePercent. Omitted = 20. Example: 20',
      ),
    window: duration()
      .optional()
      .describe(
        'How far back failurePercent looks, longer than 0s and at most 1h. Only with failurePercent. Omitted = 10s. Example: 10s',
      ),
    openDuration: duration()
      .default('30s')
      .describe(
        'How long an open circuit refuses requests before it lets probes through, longer than 0s and at most 24h. Defaults to 30s. Example: 30s',
      ),
    halfOpenRequests: whole(1, 100)
      .default(1)
      .describe(
        'How many probes a half-open circuit lets through at once, and how many must succeed to close it; one failure opens it again. Defaults to 1.',
      ),
  })
  .meta(validations(circuitBreakerRules))

export const concurrency = z.strictObject({
  maxParallelRequests: whole(1, 4096)
    .default(1024)
    .describe('How many attempts at this upstream may be under way at once. Defaults to 1024.'),
  maxPendingRequests: whole(0, 4096)
    .default(1024)
    .describe(
      'How many more may wait for their turn; beyond that a request fails at once. 0 = none waits. Defaults to 1024.',
    ),
})

export const hedge = z
  .strictObject({
    delay: duration().describe(
      'How long an attempt may stay without an answer before another is sent beside it, longer than 0s and at most 1h. Example: 200ms',
    ),
    maxParallel: whole(2, 8)
      .default(2)
      .describe('How many attempts may be under way at once, the first included. Defaults to 2.'),
  })
  .meta(validations(hedgeRules))
