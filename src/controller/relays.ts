import { defaultTelemetryPort, relayContainer, telemetryPortAnnotation } from '../api/labels.ts'
import type { Labels } from '../api/match-labels.ts'
import type { ContainerSpec, PodObject } from './resources.ts'

/** A relay that runs in a pod. */
export interface Relay {
  /** Of its pod. */
  readonly uid: string
  readonly namespace: string
  readonly pod: string
  /** Address of its pod. */
  readonly ip: string
  /** Of its telemetry. */
  readonly port: number
  /** Of its pod. */
  readonly labels: Labels
  /** What made its pod. */
  readonly workload: Workload
}

export interface Workload {
  readonly kind: string
  readonly name: string
}

/** What a relay said when it was last asked. */
export type RelayAnswer =
  /** Generations of the routes it serves, by name; those of its own namespace only. */
  | { readonly kind: 'answered'; readonly generations: ReadonlyMap<string, number> }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'pending' }

export interface AskedRelay extends Relay {
  readonly answer: RelayAnswer
}

/** Whether a pod has a relay in it, running or not. */
export const hasRelay = ({ spec }: PodObject): boolean =>
  isRelayIn(spec.initContainers) || isRelayIn(spec.containers)

/** Whether the relay is among these containers of a pod. */
export const isRelayIn = (containers: readonly ContainerSpec[] | undefined): boolean =>
  containers?.some(({ name }) => name === relayContainer) ?? false

/** The relay of a pod; `undefined` = none, or none that runs. */
export const relayOf = (pod: PodObject): Relay | undefined => {
  const { metadata, status } = pod
  const ip = status?.podIP
  if (!hasRelay(pod) || !ip || metadata.deletionTimestamp || !isRunning(pod)) return undefined
  return {
    uid: metadata.uid ?? `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace ?? '',
    pod: metadata.name,
    ip,
    port: portOf(metadata.annotations?.[telemetryPortAnnotation]),
    labels: metadata.labels ?? {},
    workload: workloadOf(pod),
  }
}

/** A sidecar runs while its pod is still Pending, so its own state counts where the kubelet has told it. */
const isRunning = ({ status }: PodObject): boolean => {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const own = states.find(({ name }) => name === relayContainer)
  return own ? own.state?.running !== undefined : status?.phase === 'Running'
}

const portOf = (annotation: string | undefined): number => {
  const port = Number(annotation)
  return annotation !== undefined && Number.isInteger(port) && port > 0 && port < 65_536
    ? port
    : defaultTelemetryPort
}

/**
 * The controller of a pod. A ReplicaSet is called by its Deployment: the hash at the end of its name is the one
 * in the pod's labels, so nothing else has to be read.
 */
const workloadOf = ({ metadata }: PodObject): Workload => {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return { kind: 'Pod', name: metadata.name }
  const hash = metadata.labels?.['pod-template-hash']
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) }
  }
  return { kind: owner.kind, name: owner.name }
}
