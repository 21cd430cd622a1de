import type { FieldPath } from '../api/problem.ts'

/** The value at a path of untrusted data; own properties only. */
export const readPath = (root: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    root,
  )

/** A copy of the data without the object keys named; everything off those paths is shared. */
export const withoutPaths = (root: unknown, paths: readonly FieldPath[]): unknown => {
  if (paths.length === 0 || typeof root !== 'object' || root === null) return root
  const below = new Map<string, FieldPath[]>()
  for (const [first, ...rest] of paths) {
    const key = String(first)
    const known = below.get(key)
    if (known) known.push(rest)
    else below.set(key, [rest])
  }
  const kept = Object.entries(root).flatMap(([key, value]): [string, unknown][] => {
    const deeper = below.get(key)
    if (deeper?.some(path => path.length === 0)) return []
    return [[key, deeper ? withoutPaths(value, deeper) : value]]
  })
  return Array.isArray(root) ? kept.map(([, value]) => value) : Object.fromEntries(kept)
}
