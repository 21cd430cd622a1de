import { annotationPrefix, relayContainer } from '../api/labels.ts'
import { isRelayIn } from './relays.ts'
import type {
  ContainerState,
  NamespaceObject,
  OwnedMeta,
  PodObject,
  RoleBindingObject,
  RouteObject,
  ServiceObject,
} from './resources.ts'

/*
 * What stores keep of objects: a cluster has many pods, and their specs and managed fields are most of their bytes.
 */

export const slimRoute = ({ apiVersion, kind, metadata, spec, status }: RouteObject): RouteObject => ({
  ...(apiVersion !== undefined && { apiVersion }),
  ...(kind !== undefined && { kind }),
  metadata: slimMeta(metadata),
  spec,
  status,
})

export const slimService = ({ metadata, spec }: ServiceObject): ServiceObject => ({
  metadata: slimMeta(metadata),
  spec: {
    ...(spec?.type !== undefined && { type: spec.type }),
    ports: (spec?.ports ?? []).map(({ port, protocol }) => ({ port, ...(protocol && { protocol }) })),
  },
})

export const slimNamespace = ({ metadata, status }: NamespaceObject): NamespaceObject => ({
  metadata: slimMeta(metadata),
  ...(status?.phase !== undefined && { status: { phase: status.phase } }),
})

export const slimRoleBinding = ({ metadata, roleRef, subjects }: RoleBindingObject): RoleBindingObject => ({
  metadata: slimMeta(metadata),
  ...(roleRef && { roleRef }),
  ...(subjects && { subjects }),
})

export const slimPod = ({ metadata, spec, status }: PodObject): PodObject => ({
  metadata: slimMeta(metadata),
  spec: {
    ...(spec.hostNetwork && { hostNetwork: true }),
    ...(spec.os && { os: spec.os }),
    ...(spec.nodeSelector && { nodeSelector: spec.nodeSelector }),
    ...(isRelayIn(spec.initContainers) && { initContainers: [{ name: relayContainer }] }),
    containers: isRelayIn(spec.containers) ? [{ name: relayContainer }] : [],
  },
  status: {
    ...(status?.phase !== undefined && { phase: status.phase }),
    ...(status?.podIP !== undefined && { podIP: status.podIP }),
    containerStatuses: relayStates(status?.containerStatuses),
    initContainerStatuses: relayStates(status?.initContainerStatuses),
  },
})

const relayStates = (states: readonly ContainerState[] | undefined): readonly ContainerState[] =>
  (states ?? []).flatMap(({ name, state }) =>
    name === relayContainer ? [{ name, state: state?.running ? { running: true } : {} }] : [],
  )

/** By it the kubelet marks pods that exist on its node alone. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

const slimMeta = (meta: OwnedMeta): OwnedMeta => {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = meta
  const { labels, annotations, ownerReferences } = meta
  const ours = Object.entries(annotations ?? {}).filter(
    ([key]) => key.startsWith(annotationPrefix) || key === mirrorAnnotation,
  )
  return {
    name,
    resourceVersion,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(generation !== undefined && { generation }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(labels && { labels }),
    ...(ours.length > 0 && { annotations: Object.fromEntries(ours) }),
    ...(ownerReferences && { ownerReferences }),
  }
}
