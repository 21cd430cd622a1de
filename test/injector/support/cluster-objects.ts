import type { ControlPlane } from '../../cluster/support/control-plane.ts'

/** Namespace of the installation. */
export const installation = 'fanout'

const account = 'fanout-relay-controller'
const name = 'fanout-relay-injector'

const must = async (plane: ControlPlane, path: string, body: object): Promise<void> => {
  const answer = await plane.request('POST', path, { body })
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${answer.text}`)
}

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const subjects = [{ kind: 'ServiceAccount', name: account, namespace: installation }]

/** The rules of the chart that certificates need. Resolves with the path of a kubeconfig for that ServiceAccount. */
export const installRules = async (plane: ControlPlane): Promise<string> => {
  const namespaced = `${rbac}/namespaces/${installation}`
  const metadata = { name: account }
  await must(plane, `/api/v1/namespaces/${installation}/serviceaccounts`, { metadata })
  await must(plane, `${namespaced}/roles`, {
    metadata,
    rules: [
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['fanout-relay-webhook-certificate'],
        verbs: ['get', 'update'],
      },
    ],
  })
  await must(plane, `${namespaced}/rolebindings`, {
    metadata,
    subjects,
    roleRef: { apiGroup, kind: 'Role', name: account },
  })
  await must(plane, `${rbac}/clusterroles`, {
    metadata,
    rules: [
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['mutatingwebhookconfigurations'],
        resourceNames: [name],
        verbs: ['get', 'patch'],
      },
    ],
  })
  await must(plane, `${rbac}/clusterrolebindings`, {
    metadata,
    subjects,
    roleRef: { apiGroup, kind: 'ClusterRole', name: account },
  })
  return plane.kubeconfigFor(await plane.tokenFor(account, installation), installation)
}

/** The configuration of the chart, and a Service that leads to a port of this machine. */
export const installWebhooks = async (plane: ControlPlane, port: number): Promise<void> => {
  await must(plane, `/api/v1/namespaces/${installation}/services`, {
    metadata: { name },
    spec: { ports: [{ port: 443 }] },
  })
  plane.exposeService(installation, name, port)
  const excluded = {
    key: 'kubernetes.io/metadata.name',
    operator: 'NotIn',
    values: ['kube-system', 'kube-public', 'kube-node-lease', installation],
  }
  const webhook = (who: string, namespaces: object, pods: object) => ({
    name: `${who}.injector.fanoutrelay.dev`,
    namespaceSelector: {
      matchExpressions: [{ key: 'fanoutrelay.dev/injection', values: ['enabled'], ...namespaces }, excluded],
    },
    objectSelector: { matchExpressions: [{ key: 'fanoutrelay.dev/inject', ...pods }] },
    rules: [
      {
        operations: ['CREATE'],
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['pods'],
        scope: 'Namespaced',
      },
    ],
    clientConfig: { service: { name, namespace: installation, path: '/mutate', port: 443 } },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
    matchPolicy: 'Equivalent',
    reinvocationPolicy: 'IfNeeded',
  })
  await must(plane, '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    metadata: { name },
    webhooks: [
      webhook('namespace', { operator: 'In' }, { operator: 'NotIn', values: ['false'] }),
      webhook('pod', { operator: 'NotIn' }, { operator: 'In', values: ['true'] }),
    ],
  })
}
