import { eventually } from '../../support/eventually.ts'
import type { ControlPlane } from './control-plane.ts'

/** Where the controller of a test lives. */
export const controllerNamespace = 'fanout-system'
const serviceAccount = 'fanout-relay-controller'
const subject = { kind: 'ServiceAccount', name: serviceAccount, namespace: controllerNamespace }
const rbac = 'rbac.authorization.k8s.io'

/** Everything the status controller may do, and nothing else: what the chart has to give it. */
export const controllerRights = {
  cluster: [
    { apiGroups: ['fanoutrelay.dev'], resources: ['fanoutroutes'], verbs: ['list', 'watch'] },
    { apiGroups: ['fanoutrelay.dev'], resources: ['fanoutroutes/status'], verbs: ['patch'] },
    { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
    {
      apiGroups: [rbac],
      resources: ['rolebindings'],
      resourceNames: ['fanout-relay-reader'],
      verbs: ['list', 'watch', 'create', 'patch', 'delete'],
    },
    {
      apiGroups: [rbac],
      resources: ['clusterroles'],
      resourceNames: ['fanout-relay-reader'],
      verbs: ['bind'],
    },
  ],
  namespace: [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: ['fanout-relay-controller'],
      verbs: ['get', 'update'],
    },
  ],
}

/** One path of each role: what may be read is known to be granted when it is not refused any more. */
const granted = [
  '/api/v1/pods?limit=1',
  `/apis/coordination.k8s.io/v1/namespaces/${controllerNamespace}/leases/fanout-relay-controller`,
]

const reader = [
  { apiGroups: ['fanoutrelay.dev'], resources: ['fanoutroutes'], verbs: ['get', 'list', 'watch'] },
]

/**
 * Makes the controller's ServiceAccount with these rights, waits until the API server knows of them, and resolves
 * with a kubeconfig of its token.
 */
export const grantController = async (plane: ControlPlane): Promise<string> => {
  await plane.createNamespace(controllerNamespace)
  const ofRbac = (kind: string, fields: object) => ({ apiVersion: `${rbac}/v1`, kind, ...fields })
  const role = (kind: string, name: string) => ({ apiGroup: rbac, kind, name })
  const own = { name: serviceAccount, namespace: controllerNamespace }
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: own },
    ofRbac('ClusterRole', { metadata: { name: 'fanout-relay-reader' }, rules: reader }),
    ofRbac('ClusterRole', { metadata: { name: serviceAccount }, rules: controllerRights.cluster }),
    ofRbac('ClusterRoleBinding', {
      metadata: { name: serviceAccount },
      roleRef: role('ClusterRole', serviceAccount),
      subjects: [subject],
    }),
    ofRbac('Role', { metadata: own, rules: controllerRights.namespace }),
    ofRbac('RoleBinding', { metadata: own, roleRef: role('Role', serviceAccount), subjects: [subject] }),
  ]
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const applied = await plane.kubectlWith({ input: list }, 'apply', '-f', '-')
  if (applied.code !== 0) throw new Error(applied.stderr)
  const token = await plane.tokenFor(serviceAccount, controllerNamespace)
  await eventually(async () => {
    for (const path of granted) {
      const { status, text } = await plane.request('GET', path, { token })
      if (status === 403) throw new Error(`${path}: ${text}`)
    }
  }, 30_000)
  return plane.kubeconfigFor(token, controllerNamespace)
}
