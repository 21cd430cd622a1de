/** Labels of a pod. */
export type Labels = Readonly<Record<string, string>>

interface SelectorLike {
  readonly matchLabels?: unknown
  readonly matchExpressions?: unknown
}

interface ExpressionLike {
  readonly key?: unknown
  readonly operator?: unknown
  readonly values?: unknown
}

/**
 * Whether a LabelSelector (meta/v1) selects these labels. All its parts must hold; an empty one selects everything,
 * an omitted one too, because a route without `workloadSelector` is for every relay of its namespace. One that is
 * malformed selects nothing: whose route it is cannot be known.
 */
export const isSelected = (selector: unknown, labels: Labels): boolean => {
  if (selector === undefined || selector === null) return true
  if (!isObject(selector)) return false
  const { matchLabels = {}, matchExpressions = [] } = selector as SelectorLike
  if (!isObject(matchLabels) || !Array.isArray(matchExpressions)) return false
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every(expression => holds(expression, labels))
  )
}

const holds = (expression: unknown, labels: Labels): boolean => {
  if (!isObject(expression)) return false
  const { key, operator, values = [] } = expression as ExpressionLike
  if (typeof key !== 'string' || !Array.isArray(values)) return false
  const value = labelOf(labels, key)
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
