import { type CheckEntry, error, warning } from './entry.ts'

/** Pods, and what their authors wrote on them. */
export const workloadCodes: readonly CheckEntry[] = [
  error('FR0230', {
    title: 'pods without their relay',
    why: 'Their labels, or those of the namespace, ask for a relay, and they have none. They were made before the label, or while the webhook could not be reached. Requests of the application to localhost:4780 are refused.',
    command: 'kubectl get pods -n NAMESPACE -L fanoutrelay.dev/inject',
    fix: 'Make the pods anew: `kubectl rollout restart deployment NAME`.',
  }),
  warning('FR0231', {
    title: 'relays of another version',
    why: 'A relay keeps the version it was injected with until its pod is made anew, so after an upgrade old ones run on. They take a route with a field that they do not know for invalid.',
    command:
      "kubectl get pods -A -o custom-columns='NAME:.metadata.name,RELAY:.metadata.annotations.fanoutrelay\\.dev/relay-version'",
    fix: 'Make the pods anew: `kubectl rollout restart deployment NAME`.',
  }),
  error('FR0232', {
    title: 'label in the wrong place',
    why: 'The switches `fanoutrelay.dev/inject` and `fanoutrelay.dev/injection` are labels, because webhooks select by labels alone: as annotations nobody reads them. `inject` belongs to pods, `injection` to namespaces. Everything else is an annotation of the pod. Pods have only what stands in the template of their workload: `metadata` of a Deployment itself is not theirs. Deployments, StatefulSets and DaemonSets are looked at, Jobs and CronJobs are not.',
    command: 'kubectl get deployment NAME -n NAMESPACE -o yaml',
    fix: 'Move the key where the message says; in a Deployment it belongs into `spec.template.metadata`.',
  }),
  warning('FR0233', {
    title: 'unknown annotation',
    why: 'No annotation of this name is read: a slip of the pen, or one of another version. The injector warns about it when the pod is created.',
    command: 'kubectl get deployment NAME -n NAMESPACE -o yaml',
    fix: 'Correct or remove it; docs/kubernetes/injection.md lists those there are.',
  }),
  error('FR0234', {
    title: 'invalid annotation',
    why: 'The injector refuses such a pod, so a Deployment makes no more of them: its ReplicaSet reports FailedCreate. Pods that run already are not touched.',
    command: 'kubectl get events -n NAMESPACE --field-selector reason=FailedCreate',
    fix: 'Write a value of the kind the message names.',
  }),
  error('FR0235', {
    title: 'label that says neither yes nor no',
    why: 'A pod says `"true"` or `"false"`, a namespace `enabled` or `disabled`. Pods with another value are refused; a namespace with another value gives its pods no relay.',
    command: 'kubectl get namespaces -L fanoutrelay.dev/injection',
    fix: 'Write one of the two values, in quotes on a pod, or remove the label.',
  }),
  warning('FR0236', {
    title: 'pods that cannot have a relay',
    why: 'They ask for one, but run on Windows nodes or in the network of their node, where the ports of a relay would be open to every pod there.',
    command: 'kubectl get pod NAME -n NAMESPACE -o yaml',
    fix: 'Say so with the label `fanoutrelay.dev/inject: "false"`, or run them without `hostNetwork`.',
  }),
]
