import { type CheckEntry, error, warning } from './entry.ts'

/** Routes, what they send to, and who may read them. */
export const routeCodes: readonly CheckEntry[] = [
  error('FR0240', {
    title: 'route not accepted',
    why: 'The route has an error that the CustomResourceDefinition cannot express, or was stored by an older one. Relays go on with its last valid version, or answer 503 to its requests.',
    command: 'kubectl get fanoutroute NAME -n NAMESPACE -o yaml',
    fix: 'Mend what the message names; `fanout-relay lint` shows the same before `kubectl apply`.',
  }),
  error('FR0241', {
    title: 'backendRef leads nowhere',
    why: 'A Service that the route sends to does not exist, or has no such port. Requests to this upstream fail; the other upstreams are not concerned.',
    command: 'kubectl get services -n NAMESPACE',
    fix: 'Create the Service, or correct `backendRef`.',
  }),
  error('FR0242', {
    title: 'route not programmed',
    why: 'Relays that the route is for do not run its current version: there are none, they cannot reach the API server, or the controller cannot reach their telemetry port.',
    command: 'kubectl get fanoutroute NAME -n NAMESPACE -o wide',
    fix: 'Do what the message says; the log of the relay tells whether it follows the API server.',
  }),
  warning('FR0243', {
    title: 'status missing or out of date',
    why: 'The controller has not looked at these routes, or not since they were last changed. What relays do does not depend on it; what `kubectl get` shows does.',
    command: 'kubectl logs -n NAMESPACE deploy/fanout-relay-controller',
    fix: 'See to it that the controller runs and leads (FR0225, FR0226).',
  }),
  warning('FR0244', {
    title: 'route that no request reaches',
    why: 'Another route ranks before it and takes all of its requests.',
    command: 'fanout-relay explain POST /orders FILE…',
    fix: 'Make the matches of the one narrower, or remove the other.',
  }),
  error('FR0245', {
    title: 'Service without ready endpoints',
    why: 'A route sends to a Service behind which no pod is ready. Its requests there are refused or wait until they time out.',
    command: 'kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=NAME',
    fix: 'Start the pods behind it, or correct the selector of the Service.',
  }),
  error('FR0250', {
    title: 'relays may not read routes here',
    why: 'In a namespace with relays the RoleBinding `fanout-relay-reader` lets them read its routes. It is missing or was changed, so that new relays never become ready; relays that have routes keep them. The controller makes it.',
    command: 'kubectl get rolebinding fanout-relay-reader -n NAMESPACE -o yaml',
    fix: 'See to it that the controller runs and leads; remove a binding of this name that somebody else made.',
  }),
  error('FR0251', {
    title: 'ClusterRole of relays missing',
    why: '`fanout-relay-reader` says what relays may do: read FanOutRoutes. Without it no RoleBinding has an effect.',
    command: 'kubectl get clusterrole fanout-relay-reader -o yaml',
    fix: 'Upgrade the Helm release with `rbac.create=true`, or create the role.',
  }),
  error('FR0260', {
    title: 'API server too old',
    why: 'Relays are native sidecars, which Kubernetes runs from version 1.29 on.',
    command: 'kubectl version',
    fix: 'Upgrade the cluster to 1.29 or later. Off-cluster, and as a gateway, the relay runs anywhere.',
  }),
  error('FR0261', {
    title: 'permissions to install missing',
    why: 'The chart creates a CustomResourceDefinition, ClusterRoles and a webhook configuration, which belong to the whole cluster, and a controller in its namespace. Creating roles also takes all the permissions that are in them, or `escalate`.',
    command: 'kubectl auth can-i --list -n NAMESPACE',
    fix: 'Have somebody with `cluster-admin` install it.',
  }),
  error('FR0262', {
    title: 'CustomResourceDefinition has another owner',
    why: 'FanOutRoutes are there already, and not from the Helm release in the namespace given. Helm refuses to take over what it did not make.',
    command: 'kubectl get crd fanoutroutes.fanoutrelay.dev -o yaml',
    fix: 'Upgrade the release that it belongs to, or install with `--set crds.enabled=false`.',
  }),
]
