import type { NamespaceObject, PodObject, RoleBindingObject, RouteObject } from '../controller/resources.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Fact } from './fact.ts'
import type {
  CrdObject,
  EndpointSlice,
  LeaseObject,
  SecretObject,
  SelectingService,
  WebhookObject,
  WorkloadObject,
} from './objects.ts'

/** What was read from a cluster, before anybody judges it. */
export interface ClusterFacts {
  /** As the API server says it: `v1.35.1`. */
  readonly serverVersion: string
  /** The namespace that is looked at; `undefined` = all. */
  readonly namespace: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly crd: Fact<CrdObject>
  readonly webhook: Fact<WebhookObject>
  /** Deployments of the controller's name, in whatever namespace. */
  readonly controllers: Fact<readonly WorkloadObject[]>
  readonly leases: Fact<readonly LeaseFact[]>
  /** Where the product is installed, as far as anything tells. */
  readonly home: string | undefined
  readonly webhookService: Fact<SelectingService>
  readonly webhookEndpoints: Fact<readonly EndpointSlice[]>
  readonly certificate: Fact<SecretObject>
  readonly readerRole: Fact<KubernetesObject>
  readonly namespaces: Fact<readonly NamespaceObject[]>
  readonly pods: Fact<readonly PodObject[]>
  /** Deployments, StatefulSets and DaemonSets, each of which knows its kind. */
  readonly workloads: Fact<readonly WorkloadObject[]>
  readonly roleBindings: Fact<readonly RoleBindingObject[]>
  readonly routes: Fact<readonly RouteObject[]>
  /** Of all namespaces that routes send to. */
  readonly services: Fact<readonly SelectingService[]>
  readonly endpoints: Fact<readonly EndpointSlice[]>
}

export interface LeaseFact {
  readonly lease: LeaseObject
  /** It was seen to change, or was renewed lately. */
  readonly isAlive: boolean
}

/** What is asked before installing. */
export interface PreFacts {
  readonly serverVersion: string
  /** Where it is to be installed. */
  readonly namespace: string
  readonly crd: Fact<KubernetesObject>
  readonly permissions: Fact<readonly { readonly permission: Permission; readonly allowed: boolean }[]>
}

export interface Permission {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly scope: 'cluster' | 'namespace'
}
