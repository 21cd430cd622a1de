import { fanOutRoute, type MatchSpec, type RouteSpec, type UpstreamSpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import type { Report } from './finding.ts'
import { readPath, withoutPaths } from './read-path.ts'
import { schemaFindings } from './schema-findings.ts'

/**
 * What can be read of a resource, after defaults. A part that breaks the schema is `undefined` and costs
 * the checks of the other parts nothing, so that an author sees every problem at once.
 */
export interface Draft {
  /** Present when every part could be read; unknown fields may have been left out. */
  readonly spec: RouteSpec | undefined
  /** `undefined` = they could not be read at all, so nobody knows which requests the route is for. */
  readonly hostnames: readonly string[] | undefined
  readonly matches: readonly (MatchSpec | undefined)[]
  readonly upstreams: readonly (UpstreamSpec | undefined)[]
  readonly timeouts: RouteSpec['timeouts'] | undefined
  readonly response: RouteSpec['response']
  readonly retry: RouteSpec['retry']
  readonly rateLimit: RouteSpec['rateLimit']
  readonly idempotencyKey: RouteSpec['idempotencyKey']
  readonly workloadSelector: RouteSpec['workloadSelector']
}

const parts = fanOutRoute.shape.spec.shape
const matchesSchema = parts.matches.unwrap()
const hostnameSchema = parts.hostnames.unwrap().element

export const readDraft = (object: unknown, report: Report): Draft => {
  const whole = fanOutRoute.safeParse(object)
  if (whole.success) return draftOf(whole.data.spec)

  for (const finding of schemaFindings(object, whole.error.issues)) report(finding)
  const unknown = whole.error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key): FieldPath => [...issue.path.filter(step => typeof step !== 'symbol'), key])
      : [],
  )
  const spec = readPath(withoutPaths(object, unknown), ['spec'])
  const known = fanOutRoute.shape.spec.safeParse(spec)
  return known.success ? draftOf(known.data) : draftOfParts(spec)
}

const draftOf = (spec: RouteSpec): Draft => ({
  spec,
  hostnames: spec.hostnames ?? [],
  matches: spec.matches,
  upstreams: spec.upstreams,
  timeouts: spec.timeouts,
  response: spec.response,
  retry: spec.retry,
  rateLimit: spec.rateLimit,
  idempotencyKey: spec.idempotencyKey,
  workloadSelector: spec.workloadSelector,
})

const draftOfParts = (spec: unknown): Draft => {
  const at = (field: string): unknown => readPath(spec, [field])
  const isObject = typeof spec === 'object' && spec !== null && !Array.isArray(spec)
  return {
    spec: undefined,
    hostnames: isObject ? readHostnames(at('hostnames')) : undefined,
    matches: isObject ? readMatches(at('matches')) : [],
    upstreams: readList(at('upstreams'), parts.upstreams.element),
    timeouts: parts.timeouts.safeParse(at('timeouts')).data,
    response: parts.response.safeParse(at('response')).data,
    retry: parts.retry.safeParse(at('retry')).data,
    rateLimit: parts.rateLimit.safeParse(at('rateLimit')).data,
    idempotencyKey: parts.idempotencyKey.safeParse(at('idempotencyKey')).data,
    workloadSelector: parts.workloadSelector.safeParse(at('workloadSelector')).data,
  }
}

/** Hostnames that are valid by themselves. None left of some = unknown: empty would mean any host. */
const readHostnames = (value: unknown): readonly string[] | undefined => {
  if (value === undefined) return []
  const valid = readList(value, hostnameSchema).filter(name => name !== undefined)
  return valid.length > 0 || (Array.isArray(value) && value.length === 0) ? valid : undefined
}

const readMatches = (value: unknown): readonly (MatchSpec | undefined)[] =>
  value === undefined ? matchesSchema.parse([{}]) : readList(value, matchesSchema.element)

/** Reads no more entries than the longest list of the schema has: a route cannot make checks expensive. */
const readList = <Item>(
  value: unknown,
  schema: { safeParse(input: unknown): { readonly data?: Item | undefined } },
): readonly (Item | undefined)[] =>
  Array.isArray(value) ? value.slice(0, maxEntries).map(item => schema.safeParse(item).data) : []

const maxEntries = 16
