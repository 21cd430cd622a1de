import type { PlannedMatch } from '../plan/types.ts'
import { type Condition, compileConditions, compilePattern } from './conditions.ts'
import type { RequestHead } from './request-head.ts'
import type { CompiledRoute, RouteMatch } from './route.ts'

interface Entry extends RouteMatch {
  readonly condition: Condition | undefined
}

/**
 * Matches of one group of host names. Exact and prefix paths are looked up in maps, so their cost does not
 * depend on how many there are; entries of one path keep the order of precedence they were added in.
 */
export class PathIndex {
  readonly #exact = new Map<string, Entry[]>()
  /** Keyed by the prefix without its last slash; `''` is `/`. */
  readonly #prefixes = new Map<string, Entry[]>()
  readonly #patterns: (Entry & { readonly test: (path: string) => boolean })[] = []
  /** Segments of the longest prefix: no more of a path needs to be looked at. */
  #depth = 0

  /** In order of precedence. */
  add(route: CompiledRoute, match: PlannedMatch): void {
    const entry = { route, match, condition: compileConditions(match) }
    const { type, value } = match.path
    if (type === 'RegularExpression') this.#patterns.push({ ...entry, test: compilePattern(value) })
    else if (type === 'Exact') append(this.#exact, value, entry)
    else {
      const prefix = value.replace(/\/+$/, '')
      append(this.#prefixes, prefix, entry)
      this.#depth = Math.max(this.#depth, prefix.split('/').length - 1)
    }
  }

  find(head: RequestHead): RouteMatch | undefined {
    return this.#findExact(head) ?? this.#findPrefix(head) ?? this.#findPattern(head)
  }

  #findExact(head: RequestHead): Entry | undefined {
    const entries = this.#exact.get(head.path)
    return entries && first(entries, head)
  }

  #findPrefix(head: RequestHead): Entry | undefined {
    if (this.#prefixes.size === 0) return undefined
    const { path } = head
    const ends = segmentEnds(path, this.#depth)
    for (let i = ends.length - 1; i >= 0; i--) {
      const entries = this.#prefixes.get(path.slice(0, ends[i]))
      const entry = entries && first(entries, head)
      if (entry) return entry
    }
    return undefined
  }

  #findPattern(head: RequestHead): Entry | undefined {
    return this.#patterns.find(entry => entry.test(head.path) && (entry.condition?.(head) ?? true))
  }
}

const append = (map: Map<string, Entry[]>, key: string, entry: Entry): void => {
  const entries = map.get(key)
  if (entries) entries.push(entry)
  else map.set(key, [entry])
}

const first = (entries: readonly Entry[], head: RequestHead): Entry | undefined => {
  for (const entry of entries) if (entry.condition === undefined || entry.condition(head)) return entry
  return undefined
}

/** Where the first `depth` segments end: `/a/b/c` with depth 2 -> 0, 2, 4. */
const segmentEnds = (path: string, depth: number): number[] => {
  const ends = [0]
  let from = 1
  while (ends.length <= depth) {
    const slash = path.indexOf('/', from)
    if (slash === -1) {
      ends.push(path.length)
      break
    }
    ends.push(slash)
    from = slash + 1
  }
  return ends
}
