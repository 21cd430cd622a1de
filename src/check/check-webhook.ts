import { splitPem } from '../injector/certificates/key-pair.ts'
import { certificateFindings } from './check-certificate.ts'
import { factValue, unreadLine } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import {
  type CheckFinding,
  type CheckLine,
  type CheckSection,
  finding,
  line,
  ok,
  skipped,
} from './finding.ts'
import { injectorArguments } from './injector-arguments.ts'
import { isReady } from './ready-endpoints.ts'
import { certificateSecret, webhookName } from './resources.ts'

const where = `MutatingWebhookConfiguration ${webhookName}`

/** New pods reach the injector: configuration, Service, certificate. */
export const checkWebhook = (facts: ClusterFacts): CheckSection => ({
  title: 'Injector',
  lines: linesOf(facts),
})

const linesOf = (facts: ClusterFacts): readonly CheckLine[] => {
  const { webhook, home = '' } = facts
  const unread = unreadLine(`${where} exists`, [webhook])
  if (unread) return [unread]
  if (webhook.kind !== 'found') return withoutWebhook(facts)
  const [first = [], ...others] = bundlesOf(facts)
  const bundle = first.filter(authority => others.every(other => other.includes(authority)))
  const areDifferent = [first, ...others].every(({ length }) => length > 0)
  const noBundle = finding('FR0216', {
    where,
    message: areDifferent
      ? 'its webhooks have different caBundles, so the API server trusts one and not the other'
      : 'its webhooks have no caBundle that can be read, so the API server trusts nobody',
    fix: `see that a controller leads, and read its log: kubectl logs -n ${home} deploy/fanout-relay-controller`,
  })
  return [
    line(`${where} has its caBundle`, bundle.length > 0 ? [] : [noBundle]),
    endpointLine(facts, home),
    certificateLine(facts, bundle),
  ]
}

const withoutWebhook = ({ controllers, leases }: ClusterFacts): readonly CheckLine[] => {
  const [controller] = factValue(controllers) ?? []
  const isInstalled = controller !== undefined || (factValue(leases) ?? []).length > 0
  if (!isInstalled) return [skipped('pods are injected', 'the controller is not installed')]
  if (!injectorArguments(controller).isOn) return [ok('it is switched off (no --relay-image)')]
  return [
    line(`${where} exists`, [
      finding('FR0215', { where, message: 'it is not there, so no pod is injected' }),
    ]),
  ]
}

/** Authorities that each webhook of the configuration trusts. */
const bundlesOf = ({ webhook }: ClusterFacts): readonly (readonly string[])[] =>
  (factValue(webhook)?.webhooks ?? []).map(({ clientConfig }) =>
    splitPem(Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8')),
  )

const endpointLine = ({ webhookService, webhookEndpoints }: ClusterFacts, home: string): CheckLine => {
  const service = `Service ${home}/${webhookName}`
  const what = `${service} has ready endpoints`
  const unread = unreadLine(what, [webhookService, webhookEndpoints])
  if (unread) return unread
  const problem = (message: string): CheckFinding =>
    finding('FR0217', {
      where: service,
      message,
      fix: `kubectl get pods -n ${home} -l app.kubernetes.io/component=controller, and mend what keeps them from being ready`,
    })
  if (webhookService.kind === 'absent') return line(what, [problem('it is not there')])
  const slices = factValue(webhookEndpoints) ?? []
  return line(what, slices.some(isReady) ? [] : [problem('no pod behind it is ready')])
}

const certificateLine = (facts: ClusterFacts, bundle: readonly string[]): CheckLine => {
  const { certificate, home = '', now } = facts
  const secret = `Secret ${home}/${certificateSecret}`
  const what = `${secret} holds a certificate that is valid and trusted`
  return (
    unreadLine(what, [certificate]) ??
    line(
      what,
      certificateFindings(factValue(certificate)?.data ?? {}, {
        where: secret,
        dnsName: `${webhookName}.${home}.svc`,
        authorities: bundle,
        now,
      }),
    )
  )
}
