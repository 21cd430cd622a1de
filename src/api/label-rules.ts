import type { Rule } from './rule.ts'

const name = '([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]'
const prefix = '[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/'

/** Regular expressions of what Kubernetes takes for a label. */
export const labelValuePattern = `^(${name})?$`
export const labelKeyPattern = `^(${prefix})?${name}$`

export const labelRequirementRules: readonly Rule[] = [
  {
    code: 'FR0061',
    rule: "(self.operator == 'In' || self.operator == 'NotIn') == (has(self.values) && size(self.values) > 0)",
    message: 'values must be set when operator is In or NotIn, and only then',
  },
]

export const labelSelectorRules: readonly Rule[] = [
  {
    code: 'FR0060',
    rule: '(has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0)',
    message:
      'workloadSelector must have an entry in matchLabels or matchExpressions; remove it to select every relay in the namespace',
  },
  {
    code: 'FR0062',
    when: 'matchLabels',
    rule: `self.matchLabels.all(k, k.matches('${labelKeyPattern}') && size(k) <= 317)`,
    message: 'matchLabels must have label keys such as tier or app.kubernetes.io/name',
  },
]
