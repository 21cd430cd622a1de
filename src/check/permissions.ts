import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Fact } from './fact.ts'
import type { Permission, PreFacts } from './facts.ts'
import { readServerVersion } from './gather.ts'
import { factOf, reader } from './read.ts'
import { crdPath } from './resources.ts'

const of = (scope: Permission['scope'], group: string, ...resources: readonly string[]) =>
  resources.map((resource): Permission => ({ verb: 'create', group, resource, scope }))

/** What Helm has to be allowed for the chart with its default values. */
export const installPermissions: readonly Permission[] = [
  ...of('cluster', 'apiextensions.k8s.io', 'customresourcedefinitions'),
  ...of('cluster', 'admissionregistration.k8s.io', 'mutatingwebhookconfigurations'),
  ...of('cluster', 'rbac.authorization.k8s.io', 'clusterroles', 'clusterrolebindings'),
  ...of('namespace', 'rbac.authorization.k8s.io', 'roles', 'rolebindings'),
  ...of('namespace', '', 'secrets', 'serviceaccounts', 'services'),
  ...of('namespace', 'apps', 'deployments'),
  ...of('namespace', 'policy', 'poddisruptionbudgets'),
]

/** `create customresourcedefinitions.apiextensions.k8s.io` */
export const permissionName = ({ verb, group, resource }: Permission): string =>
  `${verb} ${group === '' ? resource : `${resource}.${group}`}`

/** Reads what `check --pre` judges. @throws ApiError when there is no API server to ask */
export const gatherPreFacts = async (
  client: ClusterClient,
  namespace: string,
  signal: AbortSignal,
): Promise<PreFacts> => {
  const serverVersion = await readServerVersion(client, signal)
  const [crd, permissions] = await Promise.all([
    reader(client, signal).get<KubernetesObject>(crdPath),
    factOf(() =>
      Promise.all(
        installPermissions.map(async permission => ({
          permission,
          allowed: await isAllowed(client, permission, namespace, signal),
        })),
      ),
    ),
  ])
  return { serverVersion, namespace, crd, permissions: permissions as Fact<never> }
}

/** Anybody may ask what they may do themselves; the API server keeps nothing of it. */
const isAllowed = async (
  client: ClusterClient,
  { verb, group, resource, scope }: Permission,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const { body } = await client.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource, ...(scope === 'namespace' && { namespace }) } },
    },
    signal,
  })
  return (body as { readonly status?: { readonly allowed?: unknown } } | undefined)?.status?.allowed === true
}
