import type { LabelRequirement, LabelSelector } from './label-selector.ts'

export type Labels = Readonly<Record<string, string>>

/** Whether a selector takes an object with these labels, as Kubernetes decides it. Absent = takes everything. */
export const matchesLabels = (selector: LabelSelector | undefined, labels: Labels): boolean =>
  requirementsOf(selector).every(requirement => holds(requirement, labels))

/** A selector as one list of conditions: `matchLabels` are conditions too. */
export const requirementsOf = (selector: LabelSelector | undefined): readonly LabelRequirement[] => [
  ...Object.entries(selector?.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: 'In', values: [value] }),
  ),
  ...(selector?.matchExpressions ?? []),
]

const holds = ({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean => {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}
