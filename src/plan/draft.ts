import { fanOutRoute, type MatchSpec, type RouteSpec, type UpstreamSpec } from '../api/fan-out-route.ts'
import { type FieldPath, formatFieldPath } from '../api/problem.ts'
import type { Finding, Report } from './finding.ts'
import { nullFields, nullFinding } from './null-fields.ts'
import { readPath, withoutPaths } from './read-path.ts'
import { type Readable, readable } from './readable.ts'
import { routeFields } from './schema-fields.ts'
import { schemaFindings } from './schema-findings.ts'

/**
 * What can be read of a resource, after defaults. A part that breaks the schema is `undefined` and costs
 * the checks of the other parts nothing, so that an author sees every problem at once.
 */
export interface Draft {
  /** The resource as it counts: without fields that are null. */
  readonly object: unknown
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
  /** The same for rules, which can judge a part of which some fields are broken. */
  readonly ruled: RuledParts
}

export interface RuledParts {
  readonly spec: Readable<RouteSpec>
  readonly timeouts: Readable<RouteSpec['timeouts']>
  readonly response: Readable<RouteSpec['response']>
  readonly retry: Readable<RouteSpec['retry']>
  readonly rateLimit: Readable<RouteSpec['rateLimit']>
  readonly idempotencyKey: Readable<RouteSpec['idempotencyKey']>
  readonly matches: readonly Readable<MatchSpec>[]
  readonly upstreams: readonly Readable<UpstreamSpec>[]
}

const parts = fanOutRoute.shape.spec.shape
const matchesSchema = parts.matches.unwrap()
const hostnameSchema = parts.hostnames.unwrap().element

/** Reports what breaks the schema and reads the rest. Never throws, whatever the object is. */
export const readDraft = (object: unknown, report: Report): Draft => {
  const asWritten = fanOutRoute.safeParse(object)
  if (asWritten.success) return draftOf(asWritten.data.spec, object)
  const nulls = nullFields(object, asWritten.error.issues)
  return readWithout(nulls, withoutPaths(object, nulls), report)
}

const readWithout = (nulls: readonly FieldPath[], object: unknown, report: Report): Draft => {
  const whole = fanOutRoute.safeParse(object)
  const errors = whole.success ? [] : schemaFindings(object, whole.error.issues)
  for (const finding of errors) report(finding)
  reportNulls(nulls, errors, report)
  if (whole.success) return draftOf(whole.data.spec, object)

  const unknown = whole.error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key): FieldPath => [...issue.path.filter(step => typeof step !== 'symbol'), key])
      : [],
  )
  const spec = readPath(withoutPaths(object, unknown), ['spec'])
  const known = fanOutRoute.shape.spec.safeParse(spec)
  return known.success ? draftOf(known.data, object) : draftOfParts(spec, object)
}

/** What is required and null has been reported as missing. */
const reportNulls = (nulls: readonly FieldPath[], errors: readonly Finding[], report: Report): void => {
  if (nulls.length === 0) return
  const fields = routeFields()
  const missing = new Set(errors.map(({ path }) => formatFieldPath(path)))
  for (const path of nulls)
    if (!missing.has(formatFieldPath(path))) report(nullFinding(path, fields.at(path)))
}

const draftOf = (spec: RouteSpec, object: unknown): Draft => ({
  object,
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
  ruled: {
    spec: unbroken(spec),
    timeouts: unbroken(spec.timeouts),
    response: unbroken(spec.response),
    retry: unbroken(spec.retry),
    rateLimit: unbroken(spec.rateLimit),
    idempotencyKey: unbroken(spec.idempotencyKey),
    matches: spec.matches.map(unbroken),
    upstreams: spec.upstreams.map(unbroken),
  },
})

const unbroken = <Part>(value: Part): Readable<Part> => ({ value, broken: [] })

const draftOfParts = (spec: unknown, object: unknown): Draft => {
  const at = (field: string): unknown => readPath(spec, [field])
  const isObject = typeof spec === 'object' && spec !== null && !Array.isArray(spec)
  return {
    object,
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
    ruled: {
      spec: readable(spec, fanOutRoute.shape.spec),
      timeouts: readable(at('timeouts'), parts.timeouts),
      response: readable(at('response'), parts.response),
      retry: readable(at('retry'), parts.retry),
      rateLimit: readable(at('rateLimit'), parts.rateLimit),
      idempotencyKey: readable(at('idempotencyKey'), parts.idempotencyKey),
      matches: entriesOf(at('matches')).map(match => readable(match, matchesSchema.element)),
      upstreams: entriesOf(at('upstreams')).map(entry => readable(entry, parts.upstreams.element)),
    },
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
): readonly (Item | undefined)[] => entriesOf(value).map(item => schema.safeParse(item).data)

const entriesOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, maxEntries) : []

const maxEntries = 16
