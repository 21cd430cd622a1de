import { type CheckEntry, error, warning } from './entry.ts'

/** The API server itself, and the CustomResourceDefinition in it. */
export const serverCodes: readonly CheckEntry[] = [
  error('FR0200', {
    title: 'API server cannot be reached',
    why: 'Nothing answers at the address that the kubeconfig names: the cluster is down, a VPN or proxy is off, or the address is that of a cluster which is no more. Relays go on with their last routes meanwhile.',
    command: 'kubectl cluster-info',
    fix: 'Mend the way to the API server, or name another kubeconfig or context with `--kubeconfig` and `--context`.',
  }),
  error('FR0201', {
    title: 'certificate of the API server is not trusted',
    why: 'The certificate authority of the kubeconfig did not sign what the server shows: the kubeconfig is of another cluster, the cluster was made anew, or somebody is in between.',
    command: 'kubectl config view --minify',
    fix: 'Fetch a new kubeconfig from whoever runs the cluster.',
  }),
  error('FR0202', {
    title: 'credentials are refused',
    why: 'The API server does not take the token or certificate, or the kubeconfig holds none that can be used: it has expired, or is of another cluster.',
    command: 'kubectl auth whoami',
    fix: 'Log in again, or name another user or context.',
  }),
  error('FR0203', {
    title: 'routes may not be read',
    why: 'Without `list` on fanoutroutes there is nothing to look at. The chart brings ClusterRoles that add it to `view`, `edit` and `admin`.',
    command: 'kubectl auth can-i list fanoutroutes.fanoutrelay.dev -n NAMESPACE',
    fix: 'Ask for the role `view` in the namespace, or look at another one with `-n`.',
  }),
  error('FR0204', {
    title: 'API server fails',
    why: 'It answered a request that should have worked with an error, too late, or with something that makes no sense.',
    command: "kubectl get --raw '/readyz?verbose'",
    fix: 'Try again; if it stays so, look at the health of the control plane.',
  }),
  error('FR0205', {
    title: 'namespace does not exist',
    why: 'The namespace asked for is not there. A check of nothing has checked nothing.',
    command: 'kubectl get namespaces',
    fix: 'Correct `-n`, or look at all namespaces with `-A`.',
  }),
  error('FR0210', {
    title: 'CustomResourceDefinition missing',
    why: 'The API server does not know FanOutRoutes. `kubectl apply` of one says `no matches for kind "FanOutRoute"`; relays that run keep their last routes.',
    command: 'kubectl get crd fanoutroutes.fanoutrelay.dev',
    fix: 'Install the chart with `crds.enabled` (its default), or apply what `fanout-relay crd` prints.',
  }),
  error('FR0211', {
    title: 'CustomResourceDefinition is an older one',
    why: 'It lacks fields or rules that this version has. The API server refuses, or silently drops, a field that it does not know. Helm leaves CRDs alone when `crds.enabled` is false.',
    command: 'fanout-relay crd | kubectl diff --server-side -f -',
    fix: 'Upgrade the chart, or apply what `fanout-relay crd` prints. A CRD is upgraded before its controller.',
  }),
  warning('FR0212', {
    title: 'CustomResourceDefinition is a newer one',
    why: 'It has fields that this program does not know: the program is older than what is installed. Relays of that age take a route with such a field for invalid.',
    command: 'fanout-relay version',
    fix: 'Use a fanout-relay of the version that is installed.',
  }),
  error('FR0213', {
    title: 'CustomResourceDefinition is not established',
    why: 'It is there, but the API server does not serve it: its names clash with those of another one, its schema is refused, or it is being deleted.',
    command: 'kubectl describe crd fanoutroutes.fanoutrelay.dev',
    fix: 'Do what its conditions say. One that is being deleted waits for its finalizers; apply it again once it is gone.',
  }),
]
