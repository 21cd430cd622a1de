import { describe, expect, it } from 'vitest'
import { controllerLease, relayRole } from '../../src/api/labels.ts'
import { certificateSecret, controllerDeployment, webhookName } from '../../src/check/resources.ts'
import {
  find,
  hasHelm,
  type Manifest,
  notes,
  type RenderOptions,
  refusal,
  render,
} from '../chart/support/helm.ts'
import { danglingReferences } from '../chart/support/references.ts'

const everything = {
  'gateway.enabled': true,
  'gateway.autoscaling.enabled': true,
  'networkPolicy.enabled': true,
  'metrics.podMonitor.enabled': true,
  'metrics.podMonitor.renderMode': 'alwaysRender',
}
const dnsLabel = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const clusterWide = /^(Cluster|CustomResource|MutatingWebhook)/

/** Names that programs look up, as `Kind name`. */
const fixed = [
  `Deployment ${controllerDeployment}`,
  `MutatingWebhookConfiguration ${webhookName}`,
  `Service ${webhookName}`,
  `ClusterRole ${relayRole}`,
  'CustomResourceDefinition fanoutroutes.fanoutrelay.dev',
]

const own = (manifests: readonly Manifest[]): readonly string[] =>
  manifests
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .filter(name => !fixed.includes(name))
    .map(name => name.split(' ')[1]!)

describe.runIf(hasHelm())('names', () => {
  const cases: readonly (readonly [title: string, RenderOptions])[] = [
    ['as they are', {}],
    ['with nameOverride', { values: { nameOverride: 'acme' } }],
    ['with fullnameOverride', { values: { fullnameOverride: 'acme' } }],
    ['with a fullnameOverride that is too long', { values: { fullnameOverride: `a${'b-'.repeat(40)}c` } }],
    ['with namespaceOverride', { values: { namespaceOverride: 'elsewhere' } }],
    ['of a release with dots', { release: 'my.release' }],
    ['of a release with a long name', { release: 'r'.repeat(53) }],
    ['of accounts of one’s own', { values: { 'controller.serviceAccount.name': 'mine' } }],
  ]

  it.each(cases)('%s, refer to objects of the release', (_title, options) => {
    for (const more of [{ 'certManager.enabled': true }, {}])
      expect(
        danglingReferences(render({ ...options, values: { ...everything, ...more, ...options.values } })),
      ).toEqual([])
  })

  it.each(cases)('%s, are names that any kind may have, each once', (_title, options) => {
    const manifests = render({ ...options, values: { ...everything, ...options.values } })
    for (const name of own(manifests)) expect(name).toMatch(dnsLabel)
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(names).toHaveLength(new Set(names).size)
  })

  it.each(cases)('%s, leave those that programs look up', (_title, options) => {
    const manifests = render({ ...options, values: { ...everything, ...options.values } })
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(names).toEqual(expect.arrayContaining(fixed))
    const rules = manifests.flatMap(({ rules = [] }) => rules as { resourceNames?: readonly string[] }[])
    const named = rules.flatMap(({ resourceNames = [] }) => resourceNames)
    expect(new Set(named)).toEqual(new Set([controllerLease, relayRole, webhookName, certificateSecret]))
  })

  it('begin with fullnameOverride, those of gateways and tests too', () => {
    for (const name of own(render({ values: { ...everything, fullnameOverride: 'acme' } })))
      expect(name).toMatch(/^acme(-|$)/)
  })

  it('have nameOverride in the label, and the gateway opens to that controller', () => {
    const manifests = render({ values: { ...everything, nameOverride: 'acme' } })
    for (const { metadata } of manifests)
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'acme' })
    const { ingress } = find(manifests, 'NetworkPolicy', 'fanout-relay-gateway')!['spec']
    const { labels } = find(manifests, 'Deployment', controllerDeployment)!['spec'].template.metadata
    expect(labels).toMatchObject(ingress[1].from[0].podSelector.matchLabels)
    expect(ingress[1].from[0].podSelector.matchLabels).not.toHaveProperty(['app.kubernetes.io/name'])
  })

  it('are in the namespace of namespaceOverride, which is never injected', () => {
    const values = { ...everything, 'certManager.enabled': true, namespaceOverride: 'elsewhere' }
    const options = { namespace: 'left-behind', values }
    const manifests = render(options)
    for (const { kind, metadata } of manifests)
      expect(metadata.namespace, kind).toBe(clusterWide.test(kind) ? undefined : 'elsewhere')
    expect(JSON.stringify(manifests).includes('left-behind')).toBe(false)
    expect(find(manifests, 'Certificate')!['spec'].dnsNames).toContain(`${webhookName}.elsewhere.svc`)
    for (const { namespaceSelector } of find(manifests, 'MutatingWebhookConfiguration')!['webhooks'])
      expect(namespaceSelector.matchExpressions[1].values).toContain('elsewhere')
    expect(notes(options)).toContain('http://fanout-relay-gateway.elsewhere')
  })

  it('of a gateway keep their end however long the release is called', () => {
    const manifests = render({ release: 'r'.repeat(53), values: everything })
    const name = find(manifests, 'HorizontalPodAutoscaler')!.metadata.name
    expect(name).toBe(`${'r'.repeat(44)}-gateway`)
  })

  it('that no Service may have are refused with what to set', () => {
    const options = { release: '1st', values: everything }
    expect(refusal(options)).toContain('names of Services begin with a letter; set gateway.name')
    expect(
      find(
        render({ ...options, values: { ...everything, 'gateway.name': 'first' } }),
        'HorizontalPodAutoscaler',
      )!.metadata.name,
    ).toBe('first')
    expect(refusal({ values: { fullnameOverride: 'a.b' } })).toContain('does not match pattern')
  })
})

describe.runIf(hasHelm())('ServiceAccounts of others', () => {
  it.each([
    ['controller', 'fanout-relay-controller', controllerDeployment],
    ['gateway', 'fanout-relay-gateway', 'fanout-relay-gateway'],
  ])('are used by the %s, with its rights', (part, name, deployment) => {
    const values = {
      ...everything,
      [`${part}.serviceAccount.create`]: false,
      [`${part}.serviceAccount.name`]: 'theirs',
    }
    const manifests = render({ values })
    expect(find(manifests, 'ServiceAccount', name)).toBeUndefined()
    expect(find(manifests, 'ServiceAccount', 'theirs')).toBeUndefined()
    expect(find(manifests, 'Deployment', deployment)!['spec'].template.spec.serviceAccountName).toBe('theirs')
    const bindings = manifests.filter(({ kind, metadata }) => /Binding$/.test(kind) && metadata.name === name)
    expect(bindings).not.toHaveLength(0)
    for (const { subjects } of bindings) expect(subjects).toMatchObject([{ name: 'theirs' }])
  })

  it.each(['controller', 'gateway'])('have to be named for the %s', part =>
    expect(refusal({ values: { ...everything, [`${part}.serviceAccount.create`]: false } })).toContain(
      `set ${part}.serviceAccount.name`,
    ),
  )

  it('carry annotations when the chart makes them', () => {
    const annotations = { a: 'b' }
    const values = { ...everything, 'gateway.serviceAccount.annotations': annotations }
    expect(find(render({ values }), 'ServiceAccount', 'fanout-relay-gateway')!.metadata.annotations).toEqual(
      annotations,
    )
  })
})
