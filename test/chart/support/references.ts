import type { Manifest } from './helm.ts'

type Labels = Readonly<Record<string, string>>

/**
 * What objects of a release name and the release does not have: `RoleBinding a: ServiceAccount b`. References to what
 * is not the chart's, such as Secrets of the user, are not looked at.
 */
export const danglingReferences = (manifests: readonly Manifest[]): readonly string[] => {
  const keyOf = (kind: string, name: string, namespace = '') => `${kind} ${namespace}/${name}`
  const known = new Set(manifests.map(({ kind, metadata }) => keyOf(kind, metadata.name, metadata.namespace)))
  const pods = manifests.flatMap(object =>
    object.kind === 'Deployment' ? [object['spec'].template.metadata.labels as Labels] : [],
  )
  const selectsNothing = (labels: Labels): boolean =>
    !pods.some(pod => Object.entries(labels).every(([key, value]) => pod[key] === value))

  return manifests.flatMap(object => {
    const { namespace, annotations } = object.metadata
    const refer = (kind: string, name: string, where = namespace) =>
      known.has(keyOf(kind, name, where))
        ? []
        : [`${object.kind} ${object.metadata.name}: ${keyOf(kind, name, where)}`]
    const select = (labels: Labels | undefined) =>
      labels && selectsNothing(labels) ? [`${object.kind} ${object.metadata.name}: no pod`] : []
    const { spec, roleRef, subjects = [], webhooks = [] } = object
    const injectedFrom = annotations?.['cert-manager.io/inject-ca-from']?.split('/')
    return [
      ...(roleRef ? refer(roleRef.kind, roleRef.name, roleRef.kind === 'ClusterRole' ? '' : namespace) : []),
      ...subjects.flatMap((subject: Labels) =>
        refer(subject['kind']!, subject['name']!, subject['namespace']),
      ),
      ...webhooks.flatMap(({ clientConfig: { service } }: { clientConfig: { service: Labels } }) =>
        refer('Service', service['name']!, service['namespace']),
      ),
      ...(injectedFrom ? refer('Certificate', injectedFrom[1]!, injectedFrom[0]) : []),
      ...(spec?.issuerRef ? refer(spec.issuerRef.kind, spec.issuerRef.name) : []),
      ...(spec?.scaleTargetRef ? refer('Deployment', spec.scaleTargetRef.name) : []),
      ...(object.kind === 'Deployment' ? refer('ServiceAccount', spec.template.spec.serviceAccountName) : []),
      ...(object.kind === 'Pod' ? refer('ServiceAccount', spec.serviceAccountName) : []),
      ...(object.kind === 'Service' ? select(spec.selector) : []),
      ...(/^(PodDisruptionBudget|PodMonitor)$/.test(object.kind) ? select(spec.selector.matchLabels) : []),
      ...(object.kind === 'NetworkPolicy' ? select(spec.podSelector.matchLabels) : []),
    ]
  })
}
