import { type CodeEntry, error } from './entry.ts'

/** Rules of `spec.workloadSelector`, which the API server runs as well. */
export const selectorErrors: readonly CodeEntry[] = [
  error('FR0060', {
    title: 'workloadSelector that selects nothing in particular',
    why: 'In Kubernetes an empty selector selects everything. Here, leaving it out says so more clearly, and an empty one is more often a slip.',
    fix: 'Add a label, or remove `workloadSelector`.',
    wrong: 'workloadSelector: {}',
    right: 'workloadSelector: {matchLabels: {app.kubernetes.io/name: checkout}}',
  }),
  error('FR0061', {
    title: 'values that do not fit the operator',
    why: '`In` and `NotIn` compare with `values`; `Exists` and `DoesNotExist` only ask whether the label is there.',
    fix: 'Add `values`, remove them, or use another operator.',
    wrong: 'matchExpressions: [{key: tier, operator: Exists, values: [web]}]',
    right: 'matchExpressions: [{key: tier, operator: In, values: [web]}]',
  }),
  error('FR0062', {
    title: 'invalid label key',
    why: 'Keys are at most 63 letters, digits, dashes, underscores and dots, beginning and ending with a letter or digit; a DNS name and a slash may stand before them. No pod can have another label.',
    fix: 'Write the key as it stands in the labels of the pod.',
    wrong: 'matchLabels: {"app name": checkout}',
    right: 'matchLabels: {app.kubernetes.io/name: checkout}',
  }),
]
