import { formatFieldPath } from '../api/problem.ts'
import type { RouteResource } from '../api/snapshot.ts'
import { findCode } from './codes.ts'
import type { Draft } from './draft.ts'
import { type Finding, isError } from './finding.ts'
import { readPath } from './read-path.ts'
import { routeIdentity } from './route-identity.ts'
import type { BrokenRoute, PlannedMatch } from './types.ts'

/**
 * Which requests an invalid route would have taken, so that they get 503 naming it instead of ending up
 * somewhere else. A match counts only when nothing in it is wrong: a condition that was left out would
 * make it take more than its author meant. `undefined` = nothing is left.
 */
export const salvage = (
  resource: RouteResource,
  draft: Draft,
  planned: readonly (PlannedMatch | undefined)[],
  findings: readonly Finding[],
): BrokenRoute | undefined => {
  const errors = findings.filter(isError)
  if (draft.hostnames === undefined || isMisspelt(resource.object, errors)) return undefined
  const matches = planned.filter((match, i) => match !== undefined && !errors.some(isInMatch(i)))
  if (matches.length === 0) return undefined
  return {
    kind: 'broken',
    ...routeIdentity(resource),
    hostnames: [...new Set(draft.hostnames)],
    matches: matches as PlannedMatch[],
    reason: reasonOf(errors[0]!),
  }
}

const isInMatch =
  (index: number) =>
  ({ path }: Finding): boolean =>
    path[1] === 'matches' && path[2] === index

/** An unknown field of spec may be what was meant to narrow the route: `match`, `hosts`. */
const isMisspelt = (object: unknown, errors: readonly Finding[]): boolean => {
  const unknown = errors.filter(
    ({ code, path }) => code === 'FR0002' && path.length === 2 && path[0] === 'spec',
  )
  return (
    (unknown.length > 0 && readPath(object, ['spec', 'matches']) === undefined) ||
    unknown.some(({ path }) => /^(host|domain)/i.test(String(path[1])))
  )
}

/** Reaches callers, so it is made of our own words only: no values, no addresses, no file names. */
const reasonOf = ({ code, path }: Finding): string => {
  const title = findCode(code)?.title ?? 'invalid'
  const known = code === 'FR0002' ? path.slice(0, -1) : path
  return known.length > 0 ? `${formatFieldPath(known)}: ${title} (${code})` : `${title} (${code})`
}
