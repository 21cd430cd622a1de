import * as z from 'zod'
import { labelSelector } from './label-selector.ts'
import { legRequest } from './leg-request.ts'
import { atomicList, listMap, setList } from './lists.ts'
import { match } from './match.ts'
import { apiVersion, kind } from './names.ts'
import {
  circuitBreaker,
  concurrency,
  hedge,
  idempotencyKey,
  legRateLimit,
  legRetry,
  retryBudget,
  routeRateLimit,
  routeRetry,
} from './policies.ts'
import { inheritedRetryRules, retryBudgetRules } from './policy-rules.ts'
import { validations } from './rule.ts'
import { responseRules, specRules, timeoutsRules, upstreamRules } from './rules.ts'
import { byteSize, dnsLabel, duration, headerName } from './scalars.ts'

/*
 * The single source of FanOutRoute: TypeScript types, validation of files and watched objects, and the
 * generated CRD all come from here. Descriptions become `kubectl explain`. Every string and list is
 * bounded, which also keeps the CEL rules inside the API server's cost budget.
 */

const timeouts = <Request extends z.ZodType>(request: Request, of: string) =>
  z
    .strictObject({
      request: request.describe(of),
      backendRequest: duration()
        .optional()
        .describe(
          'Time for one attempt, from its start to the last byte of its answer. 0s = off. Omitted = bounded by request alone. Example: 800ms',
        ),
    })
    .meta(validations(timeoutsRules))

const upstream = z
  .strictObject({
    name: dnsLabel().describe(
      'Name of this leg: a key of the envelope, a label of metrics. Example: inventory',
    ),
    role: z
      .enum(['Required', 'Optional', 'Shadow'])
      .default('Required')
      .describe(
        'Required: its failure fails the request under success All. Optional: its failure makes a partial success. Shadow: gets a copy, and can neither delay nor change the answer. Defaults to Required.',
      ),
    backendRef: z
      .strictObject({
        name: dnsLabel().describe('Name of the Service. Example: inventory'),
        namespace: dnsLabel().optional().describe("Namespace of the Service. Omitted = the route's."),
        port: z.int().min(1).max(65535).describe('Port of the Service. Example: 8080'),
      })
      .optional()
      .describe('A Service to send to, over plain HTTP. Off-cluster it is looked up in backends.yaml.'),
    url: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .describe(
        "A URL to send to. Without a path it keeps the caller's path and query; with a path it sends there, the caller's query appended. Example: https://crm.example/api/v2/orders",
      ),
    percent: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe('Share of requests that a Shadow gets a copy of. Omitted = 100.'),
    sampleBy: z
      .strictObject({
        header: headerName().describe('Name of the header. Example: x-user-id'),
      })
      .optional()
      .describe(
        'What decides whether a request is in the percentage: the same value gets the same decision on every shadow and every relay. Omitted, or header absent = one draw a request.',
      ),
    request: legRequest
      .optional()
      .describe("How this leg's request differs from the caller's. Omitted = a faithful copy."),
    timeouts: timeouts(
      duration().optional(),
      "Time for this leg, its attempts included. An awaited leg is bounded by the route's as well; a Shadow has its own. 0s = off. Omitted = the route's. Example: 800ms",
    )
      .optional()
      .describe("Times of this leg that differ from the route's."),
    retry: legRetry
      .optional()
      .describe(
        "How this leg is sent again, field by field in place of the route's. {attempts: 0} = never. Omitted = as the route says.",
      ),
    circuitBreaker: circuitBreaker
      .optional()
      .describe(
        'Stops sending to an upstream that keeps failing, for a while: requests then fail at once with circuit_open. Omitted = never.',
      ),
    rateLimit: legRateLimit
      .optional()
      .describe(
        'How many attempts at this upstream are sent at most, retries and hedges included. Omitted = any.',
      ),
    concurrency: concurrency
      .optional()
      .describe(
        'How many attempts at this upstream may be under way at once. Omitted = not bounded by the route.',
      ),
    hedge: hedge
      .optional()
      .describe(
        'Sends a slow request again while the first is still under way, and takes the first good answer. For GET, HEAD and OPTIONS, and for requests with an idempotency key. Omitted = never.',
      ),
  })
  .meta(validations(upstreamRules))
  .describe('One leg: where a request goes, and how it differs on this way.')

/** What can carry a body: no 204, 205 or 304 (RFC 9110 §15). */
const status = (fallback: number, of: string) =>
  z
    .int()
    .min(200)
    .max(599)
    .default(fallback)
    .describe(`${of} Not 204, 205 or 304, which have no body. Defaults to ${fallback}.`)

const response = z
  .strictObject({
    success: z
      .enum(['All', 'Any', 'Quorum', 'First', 'Primary'])
      .default('All')
      .describe(
        'When the whole is a success. All: every Required upstream succeeded. Any: one did. Quorum: as many as quorum says. First: the first success wins and the others are cancelled. Primary: the upstream named by from decides, and its answer is streamed. Defaults to All.',
      ),
    quorum: z
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe('How many upstreams must succeed under Quorum. Example: 2'),
    from: dnsLabel()
      .optional()
      .describe(
        'The upstream that decides under Primary, and whose answer body Upstream passes on. Example: inventory',
      ),
    body: z
      .enum(['Envelope', 'Upstream', 'Merge'])
      .optional()
      .describe(
        'What the caller gets. Envelope: one JSON entry for each awaited upstream. Upstream: one upstream answer as it is. Merge: the JSON objects of the successful upstreams in one, later ones winning. Omitted = Upstream under First and Primary, otherwise Envelope.',
      ),
    statuses: z
      .strictObject({
        success: status(200, 'Status of a success.'),
        partial: status(207, 'Status when the rule holds but an upstream failed.'),
        failed: status(502, 'Status when the rule does not hold.'),
      })
      .optional()
      .describe('Statuses of an Envelope or Merge.'),
  })
  .meta(validations(responseRules))

const spec = z
  .strictObject({
    workloadSelector: labelSelector
      .optional()
      .describe(
        'Which relays of the namespace take this route, by the labels of their pods. For clusters: a relay that reads files takes every route. Omitted = every relay in the namespace.',
      ),
    hostnames: z
      .array(
        z
          .string()
          .min(1)
          .max(253)
          .regex(
            /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
            'must be a lower-case host name without port, such as orders.local or *.shop.local',
          )
          .describe('A host name without port. Example: orders.local'),
      )
      .max(16)
      .optional()
      .meta(setList)
      .describe(
        'Host names this route is for; *.shop.local takes every name below shop.local. Omitted = any.',
      ),
    matches: z
      .array(match)
      .min(1)
      .max(8)
      .prefault([{}])
      .meta(atomicList)
      .describe('Requests this route takes: any one of these matches is enough. Omitted = PathPrefix /.'),
    timeouts: timeouts(
      duration().default('30s'),
      'Time for the whole fan-out, from the arrival of the request to the last byte of its answer, attempts and waits included. 0s = off. Defaults to 30s. Example: 2s',
    )
      .prefault({})
      .describe('One absolute deadline for the whole, and the time for one attempt.'),
    retry: routeRetry
      .optional()
      .describe(
        'Sends a failed request again, for every upstream that says nothing else. Without an idempotency key GET, HEAD and OPTIONS only. Omitted = never.',
      ),
    retryBudget: retryBudget
      .optional()
      .describe(
        'Bounds retries and hedges of all upstreams together, so that they cannot multiply an outage. Omitted = {percent: 20, minPerSecond: 10} wherever an upstream retries or hedges.',
      ),
    rateLimit: routeRateLimit
      .optional()
      .describe(
        'How many requests this route takes; others are answered 429 with Retry-After. Omitted = any.',
      ),
    idempotencyKey: idempotencyKey
      .optional()
      .describe(
        'Gives every request that is not GET, HEAD or OPTIONS a key, by which upstreams can tell a repetition: what makes retrying a POST safe. Answers are remembered by key. Omitted = no keys.',
      ),
    limits: z
      .strictObject({
        maxBodySize: byteSize()
          .default('1Mi')
          .describe(
            'Largest request body that is captured in memory, once for all upstreams, and largest upstream answer that is put into an Envelope or Merge. Defaults to 1Mi.',
          ),
        onOversize: z
          .enum(['Reject', 'StreamPrimary', 'StreamAll'])
          .default('Reject')
          .describe(
            'What becomes of a larger request. Reject: 413. StreamPrimary: only the upstream named by response.from gets it, the others are skipped and counted. StreamAll: every upstream gets it as a stream; awaited upstreams set the pace, a Shadow that lags more than 256 KiB is dropped and counted. Defaults to Reject.',
          ),
      })
      .prefault({})
      .describe('Bounds on bodies.'),
    upstreams: z
      .array(upstream)
      .min(1)
      .max(16)
      .meta(listMap('name'))
      .describe('Where each request goes: all of them at once.'),
    response: response
      .optional()
      .describe(
        'When the whole is a success and what the caller gets. Omitted with exactly one awaited upstream = {success: Primary, body: Upstream}; otherwise {success: All, body: Envelope}.',
      ),
  })
  .meta(validations([...specRules, ...retryBudgetRules, ...inheritedRetryRules]))

export const fanOutRoute = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal(kind),
  metadata: z.looseObject({ name: dnsLabel(), namespace: dnsLabel().optional() }),
  spec: spec.describe('What is sent where, and what the caller gets back.'),
  /** The controller's; what a file copied from a cluster has there means nothing to a relay. */
  status: z.unknown().optional(),
})

/** As its author wrote it: everything with a default may be missing. */
export type FanOutRouteInput = z.input<typeof fanOutRoute>
/** After defaults. */
export type FanOutRoute = z.output<typeof fanOutRoute>
export type RouteSpec = FanOutRoute['spec']
export type UpstreamSpec = RouteSpec['upstreams'][number]
export type MatchSpec = RouteSpec['matches'][number]
export type RetrySpec = NonNullable<UpstreamSpec['retry']>
export type RequestSpec = NonNullable<UpstreamSpec['request']>
