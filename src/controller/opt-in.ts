import { injectionLabel, injectLabel } from '../api/labels.ts'
import { hasRelay } from './relays.ts'
import type { NamespaceObject, PodObject } from './resources.ts'

/** Whether relays may run in a namespace, so that they need to read its routes. */
export const isOptedIn = (namespace: NamespaceObject | undefined, pods: readonly PodObject[]): boolean => {
  if (!namespace || namespace.metadata.deletionTimestamp || namespace.status?.phase === 'Terminating')
    return false
  return (
    namespace.metadata.labels?.[injectionLabel] === 'enabled' ||
    pods.some(pod => hasRelay(pod) || pod.metadata.labels?.[injectLabel] === 'true')
  )
}
