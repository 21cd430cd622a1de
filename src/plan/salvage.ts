import { formatFieldPath } from '../api/problem.ts'
import type { RouteResource } from '../api/snapshot.ts'
import { findCode } from './codes.ts'
import type { Draft } from './draft.ts'
import { type Finding, isError } from './finding.ts'
import { readPath } from './read-path.ts'
import { routeIdentity } from './route-identity.ts'
import { closest } from './suggest.ts'
import type { BrokenRoute, PlannedMatch } from './types.ts'

/** The route that answers 503, or the error by which nobody knows which requests it is for. */
export type Salvaged = { readonly route: BrokenRoute } | { readonly culprit: Finding }

/**
 * Which requests an invalid route would have taken, so that they get 503 naming it instead of ending up
 * somewhere else. A match counts only when nothing in it is wrong: a condition that was left out would
 * make it take more than its author meant.
 */
export const salvage = (
  resource: RouteResource,
  draft: Draft,
  planned: readonly (PlannedMatch | undefined)[],
  findings: readonly Finding[],
): Salvaged => {
  const errors = findings.filter(isError)
  const hasMatches = readPath(draft.object, ['spec', 'matches']) !== undefined
  const misspelt = errors.find(error => mayNarrow(error, hasMatches))
  if (misspelt) return { culprit: misspelt }
  const matches = planned.filter((match, i) => match !== undefined && !errors.some(isInMatch(i)))
  if (draft.hostnames === undefined || matches.length === 0) {
    const culprit = errors.find(isAboutRequests(draft.hostnames === undefined ? 'hostnames' : 'matches'))
    return { culprit: culprit ?? errors[0]! }
  }
  return {
    route: {
      kind: 'broken',
      ...routeIdentity(resource),
      hostnames: [...new Set(draft.hostnames)],
      matches: matches as PlannedMatch[],
      reason: reasonOf(errors[0]!),
    },
  }
}

const isInMatch =
  (index: number) =>
  ({ path }: Finding): boolean =>
    path[1] === 'matches' && path[2] === index

/** About that list, or about all of spec. */
const isAboutRequests =
  (list: 'hostnames' | 'matches') =>
  ({ path }: Finding): boolean =>
    path[1] === list || (path.length <= 1 && (path.length === 0 || path[0] === 'spec'))

/** An unknown field may be what was meant to narrow the route: `match`, `hosts`, `matches` in a wrong place. */
const mayNarrow = ({ code, path }: Finding, hasMatches: boolean): boolean => {
  if (code !== 'FR0002' || path[1] === 'matches') return false
  const name = String(path.at(-1))
  if (name === 'hostnames' || name === 'matches') return true
  if (path.length !== 2 || path[0] !== 'spec') return false
  return resembles(name, 'hostnames', hostWord) || (!hasMatches && resembles(name, 'matches', matchWord))
}

const hostWord = /host|domain|authority|server/i
const matchWord = /^(match|path|prefix|route|rule|ur[il]|method|header|quer|filter|condition|location)/i

const resembles = (name: string, field: string, words: RegExp): boolean =>
  words.test(name) || closest(name, [field]) !== undefined

/** Reaches callers, so it is made of our own words only: no values, no addresses, no file names. */
const reasonOf = ({ code, path }: Finding): string => {
  const title = findCode(code)?.title ?? 'invalid'
  const known = code === 'FR0002' ? path.slice(0, -1) : path
  return known.length > 0 ? `${formatFieldPath(known)}: ${title} (${code})` : `${title} (${code})`
}
