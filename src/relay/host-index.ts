import type { PlannedMatch } from '../plan/types.ts'
import { PathIndex } from './path-index.ts'
import type { RequestHead } from './request-head.ts'
import type { CompiledRoute, RouteMatch } from './route.ts'

/** Routes by host name: an exact name first, then the longest wildcard, then routes for any host. */
export class HostIndex {
  readonly #names = new Map<string, PathIndex>()
  /** Keyed by what follows the star: `.shop.local`. */
  readonly #wildcards = new Map<string, PathIndex>()
  readonly #any = new PathIndex()

  /** In order of precedence. */
  add(hostname: string | undefined, route: CompiledRoute, match: PlannedMatch): void {
    if (hostname === undefined) this.#any.add(route, match)
    else if (hostname.startsWith('*.')) indexOf(this.#wildcards, hostname.slice(1)).add(route, match)
    else indexOf(this.#names, hostname).add(route, match)
  }

  find(head: RequestHead): RouteMatch | undefined {
    if (this.#names.size + this.#wildcards.size === 0) return this.#any.find(head)
    const host = normalizeHost(head.host)
    const found = this.#names.get(host)?.find(head)
    return found ?? this.#findWildcard(host, head) ?? this.#any.find(head)
  }

  #findWildcard(host: string, head: RequestHead): RouteMatch | undefined {
    if (this.#wildcards.size === 0) return undefined
    // From the second character on: the star stands for at least one.
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcards.get(host.slice(dot))?.find(head)
      if (found) return found
    }
    return undefined
  }
}

const indexOf = (indexes: Map<string, PathIndex>, key: string): PathIndex => {
  let index = indexes.get(key)
  if (!index) {
    index = new PathIndex()
    indexes.set(key, index)
  }
  return index
}

/** Host names compare without case, port and final dot (RFC 9110 §4.2.3). */
const normalizeHost = (authority: string): string =>
  authority
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '')
