import { isDeepStrictEqual } from 'node:util'

/** Paths of fields as an author writes them: `spec.upstreams[].retry`. */
export interface CrdDifference {
  readonly missing: readonly string[]
  readonly extra: readonly string[]
  /** There in both, with other types, limits, defaults or rules. */
  readonly changed: readonly string[]
}

interface Node {
  readonly [keyword: string]: unknown
}

/** Compares two OpenAPI schemas by what they allow; descriptions do not count. */
export const crdDifference = (stored: unknown, expected: unknown): CrdDifference => {
  const difference = { missing: [] as string[], extra: [] as string[], changed: [] as string[] }
  compare(node(stored), node(expected), '', difference)
  return difference
}

type Collected = Record<keyof CrdDifference, string[]>

const compare = (stored: Node, expected: Node, path: string, difference: Collected): void => {
  if (!isDeepStrictEqual(ownKeywords(stored), ownKeywords(expected)))
    difference.changed.push(path || 'the whole')
  const before = node(stored['properties'])
  const after = node(expected['properties'])
  for (const name of new Set([...Object.keys(after), ...Object.keys(before)])) {
    const field = path === '' ? name : `${path}.${name}`
    if (!(name in before)) difference.missing.push(field)
    else if (!(name in after)) difference.extra.push(field)
    else compare(node(before[name]), node(after[name]), field, difference)
  }
  for (const [keyword, mark] of [
    ['items', '[]'],
    ['additionalProperties', '.*'],
  ] as const)
    if (isNode(stored[keyword]) && isNode(expected[keyword]))
      compare(stored[keyword], expected[keyword], `${path}${mark}`, difference)
}

const nested = new Set(['description', 'properties', 'items', 'additionalProperties'])

/** What a schema says about the field itself. The order of required fields means nothing. */
const ownKeywords = (schema: Node): Node =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !nested.has(keyword))
      .map(([keyword, value]) => [
        keyword,
        keyword === 'required' && Array.isArray(value) ? [...value].sort() : value,
      ]),
  )

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null
const node = (value: unknown): Node => (isNode(value) ? value : {})
