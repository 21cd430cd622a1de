import type { FieldPath } from '../../api/problem.ts'

/** Where each kind keeps the pod that it makes; `group/Kind`, the group without version. */
const templates: Readonly<Record<string, FieldPath>> = {
  '/Pod': [],
  '/ReplicationController': ['spec', 'template'],
  'apps/Deployment': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'apps/DaemonSet': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  'batch/Job': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
}

/** A pod in a manifest. */
export interface FoundPod {
  /** `Deployment/checkout` */
  readonly workload: string
  /** From the document to the object that makes it, or to the pod itself. */
  readonly base: FieldPath
  /** From there to the pod: of a Pod no step. */
  readonly template: FieldPath
  /** That object. */
  readonly object: unknown
  /** The pod. */
  readonly value: unknown
}

/** Pods of a document; items of a `kind: List` count as documents. Other kinds have none. */
export const podsOf = (document: unknown, path: FieldPath = []): readonly FoundPod[] => {
  if (!isObject(document)) return []
  const { apiVersion, kind, metadata, items } = document
  if (kind === 'List' && Array.isArray(items))
    return items.flatMap((item, index) => podsOf(item, [...path, 'items', index]))
  const group = String(apiVersion).includes('/') ? String(apiVersion).split('/')[0] : ''
  const template = templates[`${group}/${String(kind)}`]
  if (!template) return []
  const name = isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '(unnamed)'
  const value = template.reduce<unknown>(
    (at, step) => (isObject(at) ? at[String(step)] : undefined),
    document,
  )
  return [{ workload: `${String(kind)}/${name}`, base: path, template, object: document, value }]
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
