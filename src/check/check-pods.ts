import { relayVersionAnnotation } from '../api/labels.ts'
import { hasRelay, relayOf } from '../controller/relays.ts'
import type { PodObject } from '../controller/resources.ts'
import { excludedNamespaces, type MissingRelay, missingRelays } from '../injector/missing-relays.ts'
import { markFindings } from './check-marks.ts'
import { factValue, unreadLine } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { type CheckFinding, type CheckSection, finding, line, plural } from './finding.ts'

/** Pods have the relay they should have, and what their authors wrote means something. */
export const checkPods = (facts: ClusterFacts, programVersion: string): CheckSection => {
  const { pods, namespaces, workloads } = facts
  const present = factValue(pods) ?? []
  const relays = present.filter(hasRelay)
  const missing = `${plural(relays.length, 'relay')} in ${plural(present.length, 'pod')}, and nowhere one is missing`
  const version = versionInUse(facts, programVersion)
  return {
    title: 'Pods',
    lines: [
      unreadLine('pods have their relays', [pods, namespaces]) ?? line(missing, missingFindings(facts)),
      ...(relays.length > 0
        ? [line(`all relays are of version ${version}`, otherVersions(relays, version))]
        : []),
      unreadLine('labels and annotations mean something', [pods, namespaces, workloads]) ??
        line('labels and annotations mean something', markFindings(facts)),
    ],
  }
}

/** What new pods get: that of the controller, where it says so. */
const versionInUse = ({ controllers, home }: ClusterFacts, programVersion: string): string =>
  factValue(controllers)?.find(({ metadata }) => metadata.namespace === home)?.metadata.labels?.[
    'app.kubernetes.io/version'
  ] ?? programVersion

const missingFindings = ({ pods, namespaces, ...facts }: ClusterFacts): readonly CheckFinding[] => {
  const labels = (factValue(namespaces) ?? []).map(({ metadata }) => ({
    name: metadata.name,
    labels: metadata.labels ?? {},
  }))
  const missing = missingRelays(factValue(pods) ?? [], labels, excludedBy(facts))
  // Labels and annotations are looked at on templates too, which have them before a pod does.
  const unmarked = missing.filter(({ reason }) => reason === 'not_injected' || reason === 'unsupported')
  return [...Map.groupBy(unmarked, one => `${one.namespace} ${one.workload} ${one.reason}`).values()].map(
    asFinding,
  )
}

const asFinding = (same: readonly MissingRelay[]): CheckFinding => {
  const { reason, workload, namespace, message, fix } = same[0]!
  const [kind, name] = workload.split('/')
  const count = kind === 'Pod' ? '' : `${plural(same.length, 'pod')} without relay: `
  return finding(reason === 'unsupported' ? 'FR0236' : 'FR0230', {
    where: `${kind} ${namespace}/${name}`,
    message: `${count}${message}`,
    fix,
  })
}

/** Namespaces that the installed webhook leaves alone. */
const excludedBy = ({ webhook, home }: Pick<ClusterFacts, 'webhook' | 'home'>): readonly string[] => {
  const selected = (factValue(webhook)?.webhooks ?? []).flatMap(
    ({ namespaceSelector }) => namespaceSelector?.matchExpressions ?? [],
  )
  const named = selected.flatMap(({ key, operator, values }) =>
    key === 'kubernetes.io/metadata.name' && operator === 'NotIn' ? (values ?? []) : [],
  )
  return [...excludedNamespaces, ...(home === undefined ? [] : [home]), ...named]
}

const otherVersions = (relays: readonly PodObject[], version: string): readonly CheckFinding[] => {
  const others = relays.flatMap(pod => {
    const relay = relayOf(pod)
    const own = pod.metadata.annotations?.[relayVersionAnnotation]
    return relay && own !== undefined && own !== version ? [{ relay, own }] : []
  })
  const groups = Map.groupBy(
    others,
    ({ relay, own }) => `${relay.namespace} ${relay.workload.kind} ${relay.workload.name} ${own}`,
  )
  return [...groups.values()].map(same => {
    const { relay, own } = same[0]!
    const { kind, name } = relay.workload
    return finding('FR0231', {
      where: `${kind} ${relay.namespace}/${name}`,
      message: `${plural(same.length, 'relay')} of version ${own}; ${version} is installed`,
      fix:
        kind === 'Pod'
          ? 'delete the pod and create it again'
          : `kubectl rollout restart ${kind.toLowerCase()} ${name} -n ${relay.namespace}`,
    })
  })
}
