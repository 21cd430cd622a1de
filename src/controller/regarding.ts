import { apiVersion, kind } from '../api/names.ts'
import type { PodObject, RouteObject } from './resources.ts'

/** What an event is about: an ObjectReference (core/v1). */
export interface Regarding {
  readonly apiVersion?: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  readonly resourceVersion?: string
}

export const regardingRoute = ({ metadata }: RouteObject): Regarding => {
  const { name, namespace = '', uid, resourceVersion } = metadata
  return { apiVersion, kind, name, namespace, ...(uid !== undefined && { uid }), resourceVersion }
}

/** What made a pod: its ReplicaSet, StatefulSet, DaemonSet or Job; the pod itself where nobody did. */
export const regardingOwner = ({ metadata }: PodObject): Regarding => {
  const { name, namespace = '', uid } = metadata
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return { apiVersion: 'v1', kind: 'Pod', name, namespace, ...(uid !== undefined && { uid }) }
  const { apiVersion: version, kind: ownerKind, name: ownerName, uid: ownerUid } = owner
  return {
    kind: ownerKind,
    name: ownerName,
    namespace,
    ...(version !== undefined && { apiVersion: version }),
    ...(ownerUid !== undefined && { uid: ownerUid }),
  }
}
