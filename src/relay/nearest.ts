import type { PlannedRoute } from '../plan/types.ts'

/** A hint for a request that no route takes. */
export interface NearRoute {
  readonly route: string
  readonly method: string
  readonly path: string
}

/**
 * Routes whose path has the most in common with a request's, found by binary search: a flood of unmatched
 * requests costs the same with ten thousand routes as with one.
 */
export const nearestRoutes = (routes: readonly PlannedRoute[]): ((path: string) => NearRoute[]) => {
  const known = routes
    .flatMap(route =>
      route.matches.map(({ method, path }) => ({
        route: route.id,
        method: method ?? 'any',
        path: path.value,
        type: path.type,
      })),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return path => {
    let low = 0
    let high = known.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (known[middle]!.path < path) low = middle + 1
      else high = middle
    }
    return known
      .slice(Math.max(0, low - 3), low + 3)
      .sort((a, b) => sharedLength(b.path, path) - sharedLength(a.path, path))
      .slice(0, 3)
      .map(({ route, method, path, type }) => ({ route, method, path: `${type} ${path}` }))
  }
}

const sharedLength = (a: string, b: string): number => {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}
