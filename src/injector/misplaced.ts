import { annotationPrefix, injectionLabel, injectLabel } from '../api/labels.ts'
import { excerpt } from '../api/problem.ts'
import { annotations, writtenAnnotations } from './annotations.ts'
import type { Pod } from './pod.ts'

/** Keys of annotations that people write. */
export const knownKeys: readonly string[] = Object.values(annotations).map(
  ({ name }) => `${annotationPrefix}${name}`,
)

/** Keys of ours that have no effect where they stand: most likely slips. */
export const misplacedKeys = ({ metadata }: Pod): readonly string[] => [
  ...ours(metadata?.annotations).flatMap(annotationWarning),
  ...ours(metadata?.labels).flatMap(labelWarning),
]

const ours = (map: Readonly<Record<string, unknown>> | null | undefined): readonly string[] =>
  Object.keys(map ?? {}).filter(key => key.startsWith(annotationPrefix))

const annotationWarning = (key: string): readonly string[] => {
  if (key === injectLabel || key === injectionLabel)
    return [
      `${key} has no effect as an annotation: make it a label of the ${key === injectLabel ? 'pod' : 'namespace'}`,
    ]
  if (knownKeys.includes(key) || writtenAnnotations.includes(key)) return []
  return [
    `annotation ${excerpt(key)} is not known and has no effect; docs/kubernetes/injection.md lists those that are`,
  ]
}

const labelWarning = (key: string): readonly string[] => {
  if (key === injectionLabel)
    return [`label ${key} has no effect on a pod: write ${injectLabel}: "true", or label the namespace`]
  return knownKeys.includes(key) ? [`${key} has no effect as a label: make it an annotation`] : []
}
