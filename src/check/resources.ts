import { controllerLease, relayRole } from '../api/labels.ts'
import { group, plural, version } from '../api/names.ts'
import type { Resource } from '../kubernetes/resource.ts'
import { serviceNameLabel } from './objects.ts'

type Scope = string | undefined

export const crdPath = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`
export const webhookName = 'fanout-relay-injector'
export const webhookPath = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${webhookName}`
export const certificateSecret = 'fanout-relay-webhook-certificate'
export const controllerDeployment = 'fanout-relay-controller'
export const readerRolePath = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${relayRole}`

const named = (name: string): Pick<Resource, 'fieldSelector'> => ({ fieldSelector: `metadata.name=${name}` })
const core = (resource: string, namespace: Scope): Resource => ({
  group: '',
  version: 'v1',
  plural: resource,
  namespace,
})

/** Collections that `check` reads; `undefined` = in all namespaces. */
export const resources = {
  routes: (namespace: Scope): Resource => ({ group, version, plural, namespace }),
  namespaces: core('namespaces', undefined),
  pods: (namespace: Scope) => core('pods', namespace),
  services: (namespace: Scope) => core('services', namespace),
  workloads: (resource: string, namespace: Scope): Resource => ({
    group: 'apps',
    version: 'v1',
    plural: resource,
    namespace,
  }),
  controllers: { group: 'apps', version: 'v1', plural: 'deployments', ...named(controllerDeployment) },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', ...named(controllerLease) },
  roleBindings: (namespace: Scope): Resource => ({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    plural: 'rolebindings',
    namespace,
    ...named(relayRole),
  }),
  endpoints: (namespace: Scope, service?: string): Resource => ({
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    namespace,
    ...(service !== undefined && { labelSelector: `${serviceNameLabel}=${service}` }),
  }),
} as const
