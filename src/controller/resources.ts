import type { KubernetesObject, ObjectMeta } from '../kubernetes/objects.ts'

/*
 * Kubernetes objects as far as the controller looks at them. Stores hold no more than this: what a cluster has of
 * pods and Services would not fit otherwise.
 */

export interface OwnedMeta extends ObjectMeta {
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface OwnerReference {
  readonly apiVersion?: string
  readonly uid?: string
  readonly kind: string
  readonly name: string
  readonly controller?: boolean
}

/** Not validated: an API server with an older CRD may let through what this version does not know. */
export interface RouteObject extends KubernetesObject {
  readonly spec?: unknown
  readonly status?: unknown
}

export interface ServiceObject extends KubernetesObject {
  readonly spec?: { readonly type?: string; readonly ports?: readonly ServicePort[] }
}

export interface ServicePort {
  readonly port: number
  /** Default TCP. */
  readonly protocol?: string
}

export interface NamespaceObject extends KubernetesObject {
  readonly status?: { readonly phase?: string }
}

export interface ContainerSpec {
  readonly name: string
}

export interface ContainerState {
  readonly name: string
  readonly state?: { readonly running?: unknown }
}

export interface PodObject extends KubernetesObject {
  readonly metadata: OwnedMeta
  readonly spec: {
    readonly hostNetwork?: boolean
    readonly os?: { readonly name?: string }
    readonly nodeSelector?: Readonly<Record<string, string>>
    readonly containers: readonly ContainerSpec[]
    readonly initContainers?: readonly ContainerSpec[]
  }
  readonly status?: {
    readonly phase?: string
    readonly podIP?: string
    readonly containerStatuses?: readonly ContainerState[]
    readonly initContainerStatuses?: readonly ContainerState[]
  }
}

export interface RoleBindingObject extends KubernetesObject {
  readonly roleRef?: { readonly apiGroup?: string; readonly kind?: string; readonly name?: string }
  readonly subjects?: readonly { readonly kind?: string; readonly name?: string }[]
}
