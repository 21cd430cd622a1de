/*
 * What the ServiceAccounts of the chart may do beyond what every ServiceAccount may, as `kubectl auth can-i --list`
 * tells it. A line more here is a right more for whoever takes over that pod: docs/kubernetes/rbac.md says why each
 * is needed.
 */

/** In any namespace. */
const controllerAnywhere = [
  'bind clusterroles.rbac.authorization.k8s.io/fanout-relay-reader',
  'create events.events.k8s.io',
  'create,delete,list,patch,watch rolebindings.rbac.authorization.k8s.io/fanout-relay-reader',
  'get,list,watch fanoutroutes.fanoutrelay.dev',
  'get,list,watch namespaces',
  'get,list,watch pods',
  'get,list,watch services',
  'get,patch mutatingwebhookconfigurations.admissionregistration.k8s.io/fanout-relay-injector',
  'patch fanoutroutes.fanoutrelay.dev/status',
]

export const goldenRights: Readonly<Record<string, readonly string[]>> = {
  'the controller, in a namespace of others': controllerAnywhere,
  'the controller, in its own': [
    ...controllerAnywhere,
    'create leases.coordination.k8s.io',
    'create secrets',
    'get,update leases.coordination.k8s.io/fanout-relay-controller',
    'get,update secrets/fanout-relay-webhook-certificate',
  ],
  'a gateway, in its own': ['get,list,watch fanoutroutes.fanoutrelay.dev'],
  'a gateway, in a namespace of others': [],
  'an application, where the controller has bound the reader': [
    'get,list,watch fanoutroutes.fanoutrelay.dev',
  ],
  'an application, elsewhere': [],
}
