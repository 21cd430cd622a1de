import { injectionLabel, injectLabel } from '../api/labels.ts'
import { excerpt } from '../api/problem.ts'
import type { NamespaceObject } from '../controller/resources.ts'
import { misplacedKeys } from '../injector/misplaced.ts'
import { misplacedOnWorkload } from '../injector/misplaced-on-workload.ts'
import { optIn } from '../injector/opt-in.ts'
import type { Pod } from '../injector/pod.ts'
import { readSettings } from '../injector/read-settings.ts'
import { factValue } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { type CheckFinding, finding } from './finding.ts'
import { injectorArguments } from './injector-arguments.ts'
import type { WorkloadObject } from './objects.ts'

/** Labels and annotations of ours that mean nothing where they stand, or have values that mean nothing. */
export const markFindings = (facts: ClusterFacts): readonly CheckFinding[] => {
  const namespaces = factValue(facts.namespaces) ?? []
  const labels = new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]))
  const installed = factValue(facts.controllers)?.find(({ metadata }) => metadata.namespace === facts.home)
  const { allowedImages } = injectorArguments(installed)
  return [
    ...namespaces.flatMap(namespaceFindings),
    ...(factValue(facts.workloads) ?? []).flatMap(workloadFindings),
    ...subjects(facts).flatMap(({ where, pod }) =>
      podFindings(where, pod, labels.get(pod.metadata?.namespace ?? '') ?? {}, allowedImages),
    ),
  ]
}

const namespaceFindings = ({ metadata }: NamespaceObject): readonly CheckFinding[] => {
  const { name, labels = {}, annotations = {} } = metadata
  const where = `Namespace ${name}`
  const value = labels[injectionLabel]
  const label = `kubectl label namespace ${name} --overwrite ${injectionLabel}=enabled`
  const misplaced = [
    ...(injectionLabel in annotations
      ? [{ message: `${injectionLabel} has no effect as an annotation`, fix: label }]
      : []),
    ...(injectLabel in labels
      ? [{ message: `label ${injectLabel} has no effect on a namespace, only on pods`, fix: label }]
      : []),
  ]
  return [
    ...misplaced.map(words => finding('FR0232', { where, ...words })),
    ...(value === undefined || value === 'enabled' || value === 'disabled'
      ? []
      : [
          finding('FR0235', {
            where,
            message: `label ${injectionLabel} is "${excerpt(value)}", which gives no pod a relay`,
            fix: `${label} (or disabled)`,
          }),
        ]),
  ]
}

const workloadFindings = (workload: WorkloadObject): readonly CheckFinding[] => {
  const { kind, metadata } = workload
  const where = `${kind} ${metadata.namespace}/${metadata.name}`
  return misplacedOnWorkload(workload, ['spec', 'template']).map(({ message, fix }) =>
    finding('FR0232', { where, message, fix }),
  )
}

interface Subject {
  readonly where: string
  readonly pod: Pod
}

/** Templates stand for the pods that are made of them: a pod that is refused is seen nowhere else. */
const templated = new Set(['ReplicaSet', 'StatefulSet', 'DaemonSet'])

const subjects = ({ pods, workloads }: ClusterFacts): readonly Subject[] => [
  ...(factValue(workloads) ?? []).map(({ kind, metadata, spec }) => ({
    where: `${kind} ${metadata.namespace}/${metadata.name}`,
    pod: {
      metadata: {
        ...spec.template.metadata,
        name: metadata.name,
        ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      },
      spec: spec.template.spec,
    },
  })),
  ...(factValue(pods) ?? [])
    .filter(({ metadata }) => !metadata.ownerReferences?.some(({ kind }) => templated.has(kind)))
    .map(pod => ({ where: `Pod ${pod.metadata.namespace}/${pod.metadata.name}`, pod })),
]

const podFindings = (
  where: string,
  pod: Pod,
  namespaceLabels: Readonly<Record<string, string>>,
  allowedImages: readonly string[],
): readonly CheckFinding[] => {
  const wish = optIn(pod, namespaceLabels)
  const { problems } =
    wish.kind === 'in'
      ? readSettings(pod.metadata?.annotations, { image: '', version: '', allowedImages })
      : { problems: [] }
  return [
    ...(wish.kind === 'invalid' ? [finding('FR0235', { where, ...wish.problem })] : []),
    ...misplacedKeys(switches(pod)).map(message => finding('FR0232', { where, message })),
    ...misplacedKeys(withoutSwitches(pod)).map(message => finding('FR0233', { where, message })),
    ...problems.map(({ message, fix }) => finding('FR0234', { where, message, fix })),
  ]
}

const isSwitch = (key: string): boolean => key === injectLabel || key === injectionLabel

/** The pod with no annotations but those that should be labels. */
const switches = (pod: Pod): Pod => withAnnotations(pod, isSwitch)

const withoutSwitches = (pod: Pod): Pod => {
  const { metadata, ...rest } = withAnnotations(pod, key => !isSwitch(key))
  return { ...rest, metadata: { ...metadata, labels: {} } }
}

const withAnnotations = (pod: Pod, keep: (key: string) => boolean): Pod => ({
  ...pod,
  metadata: {
    ...pod.metadata,
    annotations: Object.fromEntries(
      Object.entries(pod.metadata?.annotations ?? {}).filter(([key]) => keep(key)),
    ),
  },
})
