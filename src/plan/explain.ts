import { formatFieldPath } from '../api/problem.ts'
import { explainRoute } from './explain-route.ts'
import type { ExplainedMatch, ExplainedNear, ExplainRequest, Explanation } from './explanation.ts'
import {
  compileMatch,
  hostnameMatches,
  type MatchFacts,
  type Mismatch,
  normalizeHost,
  queryParam,
} from './match.ts'
import { decide, type RankedMatch, rankMatches } from './precedence.ts'
import type { PlannedMatch, RelayPlan, ValueMatch } from './types.ts'

const nothing = { refused: undefined, winner: undefined, losers: [], nearest: [] }

/** The explanation of a request that gets its answer before any route is asked. */
export const explainRefusal = (asked: ExplainRequest, refused: string): Explanation => ({
  request: readRequest(asked),
  ...nothing,
  refused,
})

/** Tells which route takes a request that the relay relays. Pure; compares exactly as the relay does. */
export const explain = (plan: RelayPlan, asked: ExplainRequest): Explanation => {
  const request = readRequest(asked)
  const facts = { ...request, header: headerReader(asked.headers ?? []) }
  const tried = rankMatches(plan).map(entry => ({ entry, missed: missedBy(entry, facts, request.host) }))
  const [first, ...rest] = uniqueMatches(tried.filter(({ missed }) => missed.length === 0))
  if (!first) return { request, ...nothing, nearest: nearestOf(tried, request.path) }

  const { entry } = first
  const runnerUp = rest[0] && decide(entry, rest[0].entry)
  const because = runnerUp ? `${runnerUp.rule} (before ${rest[0]!.entry.route.id})` : 'nothing else matches'
  return {
    request,
    refused: undefined,
    winner: {
      ...describe(entry),
      because,
      served: entry.route.kind === 'served' ? explainRoute(entry.route, entry.match, facts) : undefined,
      broken: entry.route.kind === 'broken' ? entry.route.reason : undefined,
    },
    losers: rest.map(loser => ({
      ...describe(loser.entry),
      lostBy: decide(entry, loser.entry)?.rule ?? 'earlier in spec.matches',
    })),
    nearest: [],
  }
}

const readRequest = ({ method, path: target, host = '' }: ExplainRequest): Explanation['request'] => {
  const mark = target.indexOf('?')
  return {
    method,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark),
    host: normalizeHost(host),
  }
}

/** Repeated headers are joined as RFC 9110 §5.3 allows. */
const headerReader = (headers: readonly (readonly [string, string])[]): MatchFacts['header'] => {
  const byName = Map.groupBy(headers, ([name]) => name.toLowerCase())
  return name =>
    byName
      .get(name)
      ?.map(([, value]) => value)
      .join(', ')
}

interface Tried {
  readonly entry: RankedMatch
  /** In words; empty = it matches. */
  readonly missed: readonly string[]
}

const missedBy = ({ hostname, match }: RankedMatch, facts: MatchFacts, host: string): readonly string[] => {
  const missed = compileMatch(match)(facts).map(mismatch => inWords(mismatch, match, facts))
  return hostname === undefined || hostnameMatches(hostname, host)
    ? missed
    : [`host is ${host === '' ? 'not given' : host}, wanted ${hostname}`, ...missed]
}

const inWords = (mismatch: Mismatch, match: PlannedMatch, facts: MatchFacts): string => {
  switch (mismatch.on) {
    case 'path':
      return `path is ${facts.path}, wanted ${match.path.type} ${match.path.value}`
    case 'method':
      return `method is ${facts.method}, wanted ${match.method}`
    case 'header':
      return missedValue('header', mismatch.name, facts.header(mismatch.name), match.headers)
    case 'query':
      return missedValue(
        'query parameter',
        mismatch.name,
        queryParam(facts.query, mismatch.name),
        match.query,
      )
  }
}

const missedValue = (
  what: string,
  name: string,
  actual: string | undefined,
  wanted: readonly ValueMatch[],
): string => {
  const value = wanted.find(candidate => candidate.name === name)
  return `${what} ${name} is ${actual ?? 'absent'}, wanted ${value ? valueInWords(value) : 'another'}`
}

const valueInWords = ({ type, value }: ValueMatch): string => (type === 'Exact' ? value : `RE2 ${value}`)

/** One entry a match: a host may fit more than one hostname of a route. */
const uniqueMatches = (entries: readonly Tried[]): readonly Tried[] => {
  const seen = new Set<PlannedMatch>()
  return entries.filter(({ entry }) => !seen.has(entry.match) && seen.add(entry.match))
}

const describe = ({ route, hostname, match, index }: RankedMatch): ExplainedMatch => ({
  route: route.id,
  field: formatFieldPath(['spec', 'matches', index]),
  match: matchInWords(match),
  hostname,
})

const matchInWords = ({ method, path, headers, query }: PlannedMatch): string =>
  [
    `${method === undefined ? '' : `${method} `}${path.type} ${path.value}`,
    ...headers.map(header => `header ${header.name} = ${valueInWords(header)}`),
    ...query.map(param => `query ${param.name} = ${valueInWords(param)}`),
  ].join(', ')

const nearestCount = 3

/** Best entry of each route: fewest conditions missed, then the path that has most in common. */
const nearestOf = (tried: readonly Tried[], path: string): readonly ExplainedNear[] => {
  const near = (a: Tried, b: Tried): number =>
    a.missed.length - b.missed.length ||
    sharedLength(b.entry.match.path.value, path) - sharedLength(a.entry.match.path.value, path)
  const best = [...Map.groupBy(tried, ({ entry }) => entry.route).values()].map(
    list => list.toSorted(near)[0]!,
  )
  return best
    .sort(near)
    .slice(0, nearestCount)
    .map(({ entry, missed }) => ({ ...describe(entry), missed }))
}

const sharedLength = (a: string, b: string): number => {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}
