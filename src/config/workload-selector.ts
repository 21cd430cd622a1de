import type { LabelRequirement, LabelSelector } from '../api/label-selector.ts'
import { type Labels, matchesLabels } from '../api/match-labels.ts'

export type { Labels }

/**
 * Whether the `workloadSelector` of an object as it came selects these labels. All its parts must hold; an empty one
 * selects everything, an omitted one too, because a route without it is for every relay of its namespace. One that
 * is malformed selects nothing: whose route it is cannot be known.
 */
export const isSelected = (selector: unknown, labels: Labels): boolean => {
  if (selector === undefined || selector === null) return true
  return isSelector(selector) && matchesLabels(selector, labels)
}

const isSelector = (selector: unknown): selector is LabelSelector => {
  if (!isObject(selector)) return false
  const { matchLabels = {}, matchExpressions = [] } = selector as Record<keyof LabelSelector, unknown>
  return (
    isObject(matchLabels) &&
    Object.values(matchLabels).every(value => typeof value === 'string') &&
    Array.isArray(matchExpressions) &&
    matchExpressions.every(isRequirement)
  )
}

const operators: readonly unknown[] = ['In', 'NotIn', 'Exists', 'DoesNotExist']

const isRequirement = (expression: unknown): expression is LabelRequirement => {
  if (!isObject(expression)) return false
  const { key, operator, values = [] } = expression as Record<keyof LabelRequirement, unknown>
  return typeof key === 'string' && operators.includes(operator) && Array.isArray(values)
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
