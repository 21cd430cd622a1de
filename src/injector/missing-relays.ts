import { injectLabel } from '../api/labels.ts'
import { hasRelay, isMirrorPod, isWindows } from './decide.ts'
import { misplacedKeys } from './misplaced.ts'
import { type Labels, optIn } from './opt-in.ts'
import type { Pod } from './pod.ts'

export interface NamespaceLabels {
  readonly name: string
  readonly labels: Labels
}

/** A pod that should have a relay and has none. */
export interface MissingRelay {
  readonly namespace: string
  readonly pod: string
  /** `Deployment/checkout`; the pod itself when nothing owns it. */
  readonly workload: string
  readonly reason: MissingReason
  /** What happened, on one line. */
  readonly message: string
  /** How to mend it, on one line. */
  readonly fix: string
}

/**
 * `not_injected`: made before injection was switched on, or while the webhook was away. `unsupported`: opted in,
 * but such a pod cannot have one. `misplaced_label`: the wish stands where nobody reads it. `invalid_label`: it says
 * neither true nor false.
 */
export type MissingReason = 'not_injected' | 'unsupported' | 'misplaced_label' | 'invalid_label'

/** Namespaces that the webhook leaves alone whatever their labels; the installation's own comes on top. */
export const excludedNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease']

/**
 * Pods that run without the relay they should have. Pure: for the controller's metric and events, and for `check`.
 * Pods that have ended or are about to are left out, and so are namespaces that the webhook excludes.
 */
export const missingRelays = (
  pods: readonly Pod[],
  namespaces: readonly NamespaceLabels[],
  excluded: readonly string[] = excludedNamespaces,
): readonly MissingRelay[] => {
  const labels = new Map(namespaces.map(namespace => [namespace.name, namespace.labels]))
  return pods.flatMap(pod => {
    const namespace = pod.metadata?.namespace ?? ''
    if (excluded.includes(namespace) || hasEnded(pod) || isMirrorPod(pod) || hasRelay(pod.spec)) return []
    const finding = findingOf(pod, labels.get(namespace) ?? {})
    if (!finding) return []
    const workload = workloadOf(pod)
    return [
      {
        namespace,
        pod: pod.metadata?.name ?? '',
        workload,
        ...finding,
        fix: finding.fix(workload, namespace),
      },
    ]
  })
}

interface Finding extends Pick<MissingRelay, 'reason' | 'message'> {
  fix(workload: string, namespace: string): string
}

const findingOf = (pod: Pod, namespaceLabels: Labels): Finding | undefined => {
  const wish = optIn(pod, namespaceLabels)
  if (wish.kind === 'invalid')
    return { reason: 'invalid_label', message: wish.problem.message, fix: () => wish.problem.fix }
  if (wish.kind === 'out') return undefined
  if (wish.kind === 'unsaid') {
    const [misplaced] = pod.metadata?.annotations?.[injectLabel] === 'true' ? misplacedKeys(pod) : []
    return misplaced === undefined
      ? undefined
      : {
          reason: 'misplaced_label',
          message: misplaced,
          fix: () => `move ${injectLabel} from annotations to labels`,
        }
  }
  if (pod.spec.hostNetwork || isWindows(pod.spec))
    return {
      reason: 'unsupported',
      message: `a pod ${pod.spec.hostNetwork ? 'with hostNetwork' : 'for Windows nodes'} cannot have a relay`,
      fix: () => `say so with the label ${injectLabel}: "false"`,
    }
  return {
    reason: 'not_injected',
    message: 'it was made before injection was switched on, or while the webhook could not be reached',
    fix: (workload, namespace) =>
      /^(Deployment|StatefulSet|DaemonSet)\//.test(workload)
        ? `kubectl rollout restart ${workload.toLowerCase().replace('/', ' ')} -n ${namespace}`
        : `delete ${workload} in namespace ${namespace} and create it again`,
  }
}

const hasEnded = ({ metadata, status }: Pod): boolean =>
  Boolean(metadata?.deletionTimestamp) || status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** A Deployment's pods are owned by a ReplicaSet whose name ends in the hash that is a label of the pod. */
const workloadOf = ({ metadata }: Pod): string => {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return `Pod/${metadata?.name ?? ''}`
  const ending = `-${metadata?.labels?.['pod-template-hash'] ?? ''}`
  return owner.kind === 'ReplicaSet' && ending !== '-' && owner.name.endsWith(ending)
    ? `Deployment/${owner.name.slice(0, -ending.length)}`
    : `${owner.kind}/${owner.name}`
}
