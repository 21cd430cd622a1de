import type { RankedMatch } from './precedence.ts'
import type { PlannedMatch, ValueMatch } from './types.ts'

/** Matches seen so far, in the order in which they are tried. */
export interface SeenMatches {
  add(entry: RankedMatch): void
  /** The first match before this one that takes every request this one would. */
  coverOf(entry: RankedMatch): RankedMatch | undefined
  /** Matches that ask for the same path in the same way, with as many conditions. */
  rivalsOf(entry: RankedMatch): readonly RankedMatch[]
}

/** Compared at most with so many others: ten thousand routes of one path must not stop the relay. */
const maxCompared = 200

/**
 * Sound, not complete: a cover that is found is certain. More conditions and longer paths rank first, so
 * among Exact and PathPrefix only an equal match can cover a later one; regular expressions rank last, so
 * any prefix of everything they match can.
 */
export const seenMatches = (): SeenMatches => {
  const equals = new Map<string, RankedMatch>()
  const rivals = new Map<string, RankedMatch[]>()
  const prefixes = new Map<string, RankedMatch[]>()
  return {
    add: entry => {
      const { path } = entry.match
      const equal = equalKey(entry)
      if (!equals.has(equal)) equals.set(equal, entry)
      append(rivals, rivalKey(entry), entry)
      if (path.type === 'PathPrefix') append(prefixes, prefixKey(entry, path.value), entry)
    },
    coverOf: entry => {
      const { path } = entry.match
      const equal = equals.get(equalKey(entry))
      if (equal || path.type !== 'RegularExpression') return equal
      return prefixesOf(literalStart(path.value))
        .flatMap(prefix => prefixes.get(prefixKey(entry, prefix)) ?? [])
        .find(other => conditionsCover(other.match, entry.match))
    },
    rivalsOf: entry => rivals.get(rivalKey(entry)) ?? [],
  }
}

const append = (lists: Map<string, RankedMatch[]>, key: string, entry: RankedMatch): void => {
  const list = lists.get(key)
  if (!list) lists.set(key, [entry])
  else if (list.length < maxCompared) list.push(entry)
}

const equalKey = ({ hostname, match: { method, path, headers, query } }: RankedMatch): string =>
  JSON.stringify([hostname, method, path, sorted(headers), sorted(query)])

const rivalKey = ({ hostname, match: { method, path, headers, query } }: RankedMatch): string =>
  JSON.stringify([hostname, method, path, headers.length, query.length])

const prefixKey = ({ hostname }: RankedMatch, prefix: string): string => JSON.stringify([hostname, prefix])

const sorted = (values: readonly ValueMatch[]): readonly string[] =>
  values.map(({ type, name, value }) => JSON.stringify([name, type, value])).sort()

/** Whether everything `wide` asks beyond the path is also asked by `narrow`. */
const conditionsCover = (wide: PlannedMatch, narrow: PlannedMatch): boolean =>
  (wide.method === undefined || wide.method === narrow.method) &&
  isSubset(wide.headers, narrow.headers) &&
  isSubset(wide.query, narrow.query)

const isSubset = (some: readonly ValueMatch[], all: readonly ValueMatch[]): boolean =>
  some.every(({ type, name, value }) =>
    all.some(other => other.type === type && other.name === name && other.value === value),
  )

/** The text every match of a pattern begins with, as far as it can be read off without doubt. */
const literalStart = (pattern: string): string => {
  if (/[|\\]|\(\?/.test(pattern)) return ''
  const text = pattern.replace(/^\^/, '')
  const [run = ''] = /^[A-Za-z0-9/_-]*/.exec(text) ?? []
  const next = text[run.length]
  return next !== undefined && '?*{'.includes(next) ? run.slice(0, -1) : run
}

/** Prefixes that take every path with this start, longest first: `/a/b` -> `/a` and `/`. */
const prefixesOf = (start: string): readonly string[] => {
  const prefixes = ['/']
  for (let i = start.indexOf('/', 1); i !== -1; i = start.indexOf('/', i + 1)) {
    prefixes.unshift(start.slice(0, i))
  }
  return prefixes
}
