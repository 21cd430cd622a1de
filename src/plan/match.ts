import { RE2JS } from '@bufbuild/re2'
import type { PlannedMatch, ValueMatch } from './types.ts'

/*
 * What "matches" means, for `explain` and for checking plans. The relay's table is compiled for speed; a
 * property test holds the two against each other. Paths and queries are taken byte for byte as they stand in
 * the request line.
 */

/** What a match can look at. */
export interface MatchFacts {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** With or without its `?`. */
  readonly query: string
  /** Value of a header by lower-case name; repeated ones joined with `, `. `undefined` = absent. */
  header(name: string): string | undefined
}

/** A condition that a request did not meet. */
export type Mismatch =
  | { readonly on: 'path' | 'method' }
  | { readonly on: 'header' | 'query'; readonly name: string }

/** Every condition of a match that the request misses; empty = it matches. */
export type Matcher = (facts: MatchFacts) => readonly Mismatch[]

/** Lower case, without port and without the dot that ends a fully qualified name. */
export const normalizeHost = (host: string): string => {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  const name = (end > 0 ? host.slice(0, end) : host).toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** `*.shop.local` takes every name below shop.local, at any depth, but not shop.local itself. */
export const hostnameMatches = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.')
    ? host.length > pattern.length - 1 && host.endsWith(pattern.slice(1))
    : host === pattern

/** Whole segments: `/orders` takes `/orders` and `/orders/1`, not `/ordersx`. */
export const isUnderPrefix = (path: string, prefix: string): boolean =>
  prefix === '/' ||
  (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/'))

/** `/orders` and `/orders/` are the same prefix (Gateway API). Plans hold the short form. */
export const normalizePrefix = (prefix: string): string => prefix.replace(/\/+$/, '') || '/'

/** Puts `replacement` in the place of a prefix that the path is under, after Gateway API's table. */
export const replacePrefix = (path: string, prefix: string, replacement: string): string =>
  replacement.replace(/\/+$/, '') + path.slice(prefix === '/' ? 0 : prefix.length) || '/'

/** First value of a query parameter, percent-decoded, `+` read as a blank; `undefined` = absent. */
export const queryParam = (query: string, name: string): string | undefined =>
  new URLSearchParams(query).get(name) ?? undefined

/** RE2 that must match the whole text: linear time whatever a caller sends. Throws on a bad pattern. */
export const compilePattern = (pattern: string): ((text: string) => boolean) => {
  const expression = new RE2JS(pattern)
  return text => expression.testExact(text)
}

const compileValue = ({ type, value }: ValueMatch): ((actual: string | undefined) => boolean) => {
  if (type === 'Exact') return actual => actual === value
  const test = compilePattern(value)
  return actual => actual !== undefined && test(actual)
}

const compilePath = ({ type, value }: PlannedMatch['path']): ((path: string) => boolean) => {
  if (type === 'RegularExpression') return compilePattern(value)
  return type === 'Exact' ? path => path === value : path => isUnderPrefix(path, value)
}

/** Compiles the patterns of a match once. Hostnames are the route's and are tested apart. */
export const compileMatch = (match: PlannedMatch): Matcher => {
  const testPath = compilePath(match.path)
  const headers = match.headers.map(header => ({ name: header.name, test: compileValue(header) }))
  const query = match.query.map(param => ({ name: param.name, test: compileValue(param) }))
  return facts => {
    const missed: Mismatch[] = []
    if (!testPath(facts.path)) missed.push({ on: 'path' })
    if (match.method !== undefined && match.method !== facts.method) missed.push({ on: 'method' })
    for (const { name, test } of headers) if (!test(facts.header(name))) missed.push({ on: 'header', name })
    for (const { name, test } of query) {
      if (!test(queryParam(facts.query, name))) missed.push({ on: 'query', name })
    }
    return missed
  }
}
