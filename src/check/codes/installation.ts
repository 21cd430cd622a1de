import { type CheckEntry, error, warning } from './entry.ts'

/** The webhook, its certificate and the controller. */
export const installationCodes: readonly CheckEntry[] = [
  error('FR0215', {
    title: 'webhook configuration missing',
    why: 'Without it the API server asks nobody about new pods, so none gets a relay, whatever its labels.',
    command: 'kubectl get mutatingwebhookconfiguration fanout-relay-injector',
    fix: 'Upgrade the Helm release with `injector.enabled=true`.',
  }),
  error('FR0216', {
    title: 'webhook without caBundle',
    why: 'The API server cannot check the certificate of the webhook, so every call fails: with `failurePolicy: Fail` pods in labelled namespaces are refused. The leading controller writes the bundle, or cert-manager does.',
    command: 'kubectl logs -n NAMESPACE deploy/fanout-relay-controller',
    fix: 'See to it that a controller leads (FR0226) and may patch the configuration; with cert-manager, that its cainjector runs.',
  }),
  error('FR0217', {
    title: 'webhook without ready endpoints',
    why: 'The Service that the API server calls is missing, or no pod behind it is ready. With `failurePolicy: Fail` pods in labelled namespaces are refused; with `Ignore` they start without a relay.',
    command: 'kubectl get pods -n NAMESPACE -l app.kubernetes.io/component=controller',
    fix: 'Mend the pods of the controller; `kubectl describe pod` and their logs say why they are not ready.',
  }),
  error('FR0218', {
    title: 'webhook certificate missing',
    why: 'The Secret is not there or holds no certificate that can be read. The webhook does not listen before it has one.',
    command: 'kubectl get secret fanout-relay-webhook-certificate -n NAMESPACE',
    fix: 'The leading controller makes it within seconds; its log says what keeps it from doing so. With cert-manager look at the Certificate.',
  }),
  error('FR0219', {
    title: 'webhook certificate is not valid now',
    why: 'It has expired, or is not valid yet because the clock of a machine is wrong. The API server refuses the webhook, and pods with it.',
    command: 'kubectl logs -n NAMESPACE deploy/fanout-relay-controller',
    fix: 'Restart the controller if it does not renew; delete the Secret to have everything made anew.',
  }),
  warning('FR0220', {
    title: 'webhook certificate expires soon',
    why: 'It should have been renewed weeks before: the controller renews with 30 days left. Pods will be refused when it has expired.',
    command: 'kubectl logs -n NAMESPACE deploy/fanout-relay-controller',
    fix: 'See to it that a controller leads and may write the Secret; with cert-manager look at the Certificate.',
  }),
  error('FR0221', {
    title: 'webhook certificate does not fit',
    why: 'The caBundle of the webhook configuration does not trust the certificate in the Secret, or the certificate is for other names. The API server refuses the webhook. Usually somebody restored one of the two from a backup, or GitOps writes a caBundle of its own.',
    command: 'kubectl get mutatingwebhookconfiguration fanout-relay-injector -o yaml',
    fix: 'Restart the controller, which publishes its authorities anew; have GitOps tools ignore `caBundle`.',
  }),
  error('FR0225', {
    title: 'controller does not run',
    why: 'Nobody writes the status of routes, injects relays or lets relays of new namespaces read their routes. Relays that run go on.',
    command: 'kubectl describe deployment fanout-relay-controller -n NAMESPACE',
    fix: 'Install the chart, or mend what keeps its pods from being ready.',
  }),
  error('FR0226', {
    title: 'no controller leads',
    why: 'One replica holds a Lease and renews it every two seconds. Nobody does: the status of routes is not written, certificates are not renewed. The replicas run without being able to reach the API server, or may not write the Lease.',
    command: 'kubectl get lease fanout-relay-controller -n NAMESPACE -o yaml',
    fix: 'Read the logs of the controller; give its ServiceAccount the Role of the chart.',
  }),
  warning('FR0227', {
    title: 'controller is of another version',
    why: 'This program judges by what it knows; what is installed is older or newer.',
    command: 'fanout-relay version',
    fix: 'Use a fanout-relay of the version that is installed, or upgrade the release.',
  }),
]
