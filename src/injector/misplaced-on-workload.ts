import { injectionLabel, injectLabel } from '../api/labels.ts'
import type { FieldPath } from '../api/problem.ts'
import { knownKeys } from './misplaced.ts'
import type { InjectionProblem } from './outcome.ts'

/**
 * Keys of ours in the metadata of a workload, where nobody reads them; `template` leads from the workload to the
 * template of its pods. A key that the template has as well is fine: tools write common labels everywhere.
 */
export const misplacedOnWorkload = (workload: unknown, template: FieldPath): readonly InjectionProblem[] => {
  const target = [...template, 'metadata']
  const { labels, annotations } = metadataAt(workload, target)
  const keysOfPods = new Set([...Object.keys(labels), ...Object.keys(annotations)])
  // A CronJob has the metadata of its Jobs in between.
  const outer = template.map((_, length) => [...template.slice(0, length), 'metadata'])
  return outer.flatMap(path =>
    Object.entries(metadataAt(workload, path)).flatMap(([field, map]) =>
      Object.keys(map)
        .filter(key => isMeantForPods(key) && !keysOfPods.has(key))
        .map(key => ({
          message: `${field.slice(0, -1)} ${key} has no effect in the metadata of a workload: pods have what is in their template`,
          fix: fixOf(key, target.join('.')),
          path: [...path, field, key],
        })),
    ),
  )
}

const isMeantForPods = (key: string): boolean =>
  key === injectLabel || key === injectionLabel || knownKeys.includes(key)

const fixOf = (key: string, target: string): string => {
  if (key === injectionLabel)
    return `label the namespace with it, or write ${injectLabel}: "true" under ${target}.labels`
  return `put it under ${target}.${key === injectLabel ? 'labels' : 'annotations'}`
}

const metadataAt = (workload: unknown, path: FieldPath) => {
  const { labels, annotations } = path.reduce((at, step) => fieldsOf(at[step]), fieldsOf(workload))
  return { labels: fieldsOf(labels), annotations: fieldsOf(annotations) }
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}
