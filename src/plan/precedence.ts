import type { PlannedMatch, PlannedRoute, RelayPlan } from './types.ts'

/** One way into a route: one of its matches under one of its hostnames. */
export interface RankedMatch {
  readonly route: PlannedRoute
  /** `undefined` = any host. */
  readonly hostname: string | undefined
  readonly match: PlannedMatch
  /** Index in `route.matches`. */
  readonly index: number
}

/** Why one match comes before another, in words for `explain`. */
export type PrecedenceRule = (typeof rules)[number]['name']

const pathRank = { Exact: 0, PathPrefix: 1, RegularExpression: 2 } as const

const hostRank = (hostname: string | undefined): number => {
  if (hostname === undefined) return 2
  return hostname.startsWith('*.') ? 1 : 0
}

const wildcardLength = (hostname: string | undefined): number =>
  hostname?.startsWith('*.') ? hostname.length : 0

const pathLength = ({ path }: PlannedMatch): number => (path.type === 'Exact' ? 0 : path.value.length)

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/**
 * Precedence of HTTPRoute (Gateway API, HTTPRouteRule), most important first. Under the winning hostname
 * nothing ends: a request that no match of that host takes goes on to the wildcards and to `any`.
 */
const rules = [
  {
    name: 'more specific hostname',
    compare: (a, b) =>
      hostRank(a.hostname) - hostRank(b.hostname) || wildcardLength(b.hostname) - wildcardLength(a.hostname),
  },
  {
    name: 'Exact path before PathPrefix before RegularExpression',
    compare: (a, b) => pathRank[a.match.path.type] - pathRank[b.match.path.type],
  },
  { name: 'longer path', compare: (a, b) => pathLength(b.match) - pathLength(a.match) },
  {
    name: 'match with a method',
    compare: (a, b) => Number(a.match.method === undefined) - Number(b.match.method === undefined),
  },
  { name: 'more headers', compare: (a, b) => b.match.headers.length - a.match.headers.length },
  { name: 'more query parameters', compare: (a, b) => b.match.query.length - a.match.query.length },
  {
    name: 'older creationTimestamp',
    compare: (a, b) => {
      if (a.route.createdAt === b.route.createdAt) return 0
      return (a.route.createdAt ?? Infinity) < (b.route.createdAt ?? Infinity) ? -1 : 1
    },
  },
  { name: 'namespace/name in alphabetical order', compare: (a, b) => compareText(a.route.id, b.route.id) },
  { name: 'earlier in spec.matches', compare: (a, b) => a.index - b.index },
] as const satisfies readonly {
  name: string
  compare: (a: RankedMatch, b: RankedMatch) => number
}[]

/** The rule by which two matches are told apart, and which comes first; `undefined` = the same match. */
export const decide = (
  a: RankedMatch,
  b: RankedMatch,
): { readonly rule: PrecedenceRule; readonly order: number } | undefined => {
  for (const { name, compare } of rules) {
    const order = compare(a, b)
    if (order !== 0) return { rule: name, order }
  }
  return undefined
}

/** Negative = `a` is tried before `b`. */
const compareMatches = (a: RankedMatch, b: RankedMatch): number => decide(a, b)?.order ?? 0

/** All matches of a plan in the order in which they are tried; broken routes take part. */
export const rankMatches = ({ routes }: Pick<RelayPlan, 'routes'>): readonly RankedMatch[] =>
  routes
    .flatMap(route => {
      const hostnames = route.hostnames.length > 0 ? route.hostnames : [undefined]
      return hostnames.flatMap(hostname =>
        route.matches.map((match, index) => ({ route, hostname, match, index })),
      )
    })
    .sort(compareMatches)
