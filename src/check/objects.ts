import type { ServiceObject } from '../controller/resources.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'

/* Kubernetes objects as far as `check` looks at them, beyond what the controller knows. */

export interface ObjectCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

export interface CrdObject extends KubernetesObject {
  readonly spec: { readonly versions: readonly CrdVersion[] }
  readonly status?: { readonly conditions?: readonly ObjectCondition[] }
}

export interface CrdVersion {
  readonly name: string
  readonly served: boolean
  readonly schema?: { readonly openAPIV3Schema?: unknown }
}

export interface WebhookObject extends KubernetesObject {
  readonly webhooks?: readonly Webhook[]
}

export interface Webhook {
  readonly name: string
  readonly clientConfig: {
    readonly caBundle?: string
    readonly service?: { readonly name: string; readonly namespace: string }
  }
  readonly namespaceSelector?: {
    readonly matchExpressions?: readonly {
      readonly key: string
      readonly operator: string
      readonly values?: readonly string[]
    }[]
  }
}

export interface SecretObject extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>
}

/** A Deployment, StatefulSet or DaemonSet. */
export interface WorkloadObject extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number
    readonly template: {
      readonly metadata?: {
        readonly labels?: Readonly<Record<string, string>>
        readonly annotations?: Readonly<Record<string, string>>
      }
      readonly spec: {
        readonly containers: readonly {
          readonly name: string
          readonly args?: readonly string[]
          readonly env?: readonly { readonly name: string }[]
        }[]
      }
    }
  }
  readonly status?: {
    readonly availableReplicas?: number
    readonly conditions?: readonly ObjectCondition[]
  }
}

export interface LeaseObject extends KubernetesObject {
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string }
}

export interface SelectingService extends ServiceObject {
  readonly spec?: NonNullable<ServiceObject['spec']> & {
    readonly selector?: Readonly<Record<string, string>>
  }
}

export interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null
}

/** By it a slice names its Service. */
export const serviceNameLabel = 'kubernetes.io/service-name'
