import { type FieldPath, formatFieldPath } from '../api/problem.ts'

/**
 * Field paths of every leaf, and of everything empty, below `spec`, as its author wrote it. For objects that fit
 * the schema.
 */
export const writtenFields = (object: unknown): readonly string[] => {
  const spec = typeof object === 'object' && object !== null && 'spec' in object ? object.spec : undefined
  return leaves(spec, ['spec'])
}

const leaves = (value: unknown, path: FieldPath): string[] => {
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [formatFieldPath(path)]
  // That `hedge: {}` stands there says something, though nothing stands in it.
  if (Object.keys(value).length === 0) return [formatFieldPath(path)]
  return Array.isArray(value)
    ? value.flatMap((item, i) => leaves(item, [...path, i]))
    : Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
}
