import type { PlannedHeaders, PlannedLeg, PlannedMatch, PlannedRoute, ValueMatch } from '../plan/types.ts'

export const redacted = '[redacted]'

const secretName = /authorization|cookie|token|secret|passw|credential|signature|(^|[-_])key$|api-?key/i
/** To the last `@` before the path, as a URL parser reads it: a password may hold another. */
const userinfo = /(^[a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i

/** Settings by flag: whatever is named like a secret is hidden, and so are credentials in URLs. */
export const redactSettings = (settings: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      secretName.test(name) ? redacted : redactValue(value),
    ]),
  )

const redactValue = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replace(userinfo, `$1${redacted}@`)
  if (Array.isArray(value)) return value.map(redactValue)
  if (typeof value === 'object' && value !== null) return redactSettings(value as Record<string, unknown>)
  return value
}

/** A route without what its author may have written as a secret: header values and queries. */
export const redactRoute = (route: PlannedRoute): PlannedRoute => {
  const matches = route.matches.map(redactMatch)
  return route.kind === 'broken'
    ? { ...route, matches }
    : { ...route, matches, legs: route.legs.map(redactLeg) }
}

/** Values of matches are what routing is understood by, so only those with a telling name are hidden. */
export const redactMatch = (match: PlannedMatch): PlannedMatch => ({
  ...match,
  headers: match.headers.map(redactValueMatch),
  query: match.query.map(redactValueMatch),
})

const redactValueMatch = (match: ValueMatch): ValueMatch =>
  secretName.test(match.name) ? { ...match, value: redacted } : match

const redactLeg = (leg: PlannedLeg): PlannedLeg => ({
  ...leg,
  headers: leg.headers && redactHeaders(leg.headers),
  path: leg.path.kind === 'full' && leg.path.query !== '' ? { ...leg.path, query: `?${redacted}` } : leg.path,
})

const redactHeaders = ({ set, add, remove }: PlannedHeaders): PlannedHeaders => ({
  set: set.map(([name]) => [name, redacted]),
  add: add.map(([name]) => [name, redacted]),
  remove,
})
