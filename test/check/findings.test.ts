import { describe, expect, it } from 'vitest'
import { checkCluster } from '../../src/check/check.ts'
import { checkPre } from '../../src/check/check-pre.ts'
import { checkCodes } from '../../src/check/codes.ts'
import type { ClusterFacts, PreFacts } from '../../src/check/facts.ts'
import { type CheckSection, finding, ok, skipped } from '../../src/check/finding.ts'
import { installPermissions } from '../../src/check/permissions.ts'
import { serverFinding } from '../../src/check/server-finding.ts'
import { ApiError, type ApiErrorReason } from '../../src/kubernetes/api-error.ts'
import * as given from './support/facts.ts'
import { absent, found, healthy } from './support/facts.ts'

const findingsIn = (sections: readonly CheckSection[]): readonly string[] =>
  sections.flatMap(({ lines }) =>
    lines.flatMap(({ findings }) =>
      findings.map(({ code, where, message }) => `${code} ${where}: ${message}`),
    ),
  )

const check = (changes: Partial<ClusterFacts>) => findingsIn(checkCluster(healthy(changes), given.version))

const preFacts = (changes: Partial<PreFacts> = {}): PreFacts => ({
  serverVersion: 'v1.29.0',
  namespace: 'tools',
  crd: absent,
  permissions: found(installPermissions.map(permission => ({ permission, allowed: true }))),
  ...changes,
})

const inject = 'fanoutrelay.dev/inject'
const injection = 'fanoutrelay.dev/injection'
const namespace = (labels: object, annotations: object = {}) =>
  found([{ metadata: given.meta('shop', undefined, { labels, annotations }) }])

/** What is changed in a healthy cluster, and all that is found then. */
const cases: readonly (readonly [
  title: string,
  changes: Partial<ClusterFacts>,
  findings: readonly string[],
])[] = [
  ['routes may not be read', { routes: given.unread('forbidden') }, ['FR0203 API server: no']],
  [
    'the API server fails at one list',
    { pods: given.unread('server_error', 'status 500: oh') },
    [
      'FR0204 API server: status 500: oh',
      'FR0204 API server: status 500: oh',
      'FR0204 API server: status 500: oh',
    ],
  ],
  [
    'the namespace is not there',
    { namespace: 'shp', namespaces: absent, pods: found([]), roleBindings: found([]) },
    ['FR0205 Namespace shp: it does not exist'],
  ],
  [
    'there is no CRD',
    { crd: absent, routes: absent },
    [
      'FR0210 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it is not there: the API server knows no FanOutRoutes',
    ],
  ],
  [
    'there is no CRD, for somebody who may not read CRDs',
    { crd: given.unread('forbidden'), routes: absent },
    [
      'FR0210 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it is not there: the API server knows no FanOutRoutes',
    ],
  ],
  [
    'the CRD lacks a field',
    { crd: given.crd(withSpec(spec => void delete spec['retryBudget'])) },
    ['FR0211 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it lacks spec.retryBudget'],
  ],
  [
    'the CRD has another rule',
    {
      crd: given.crd(
        withSpec(spec => {
          spec['upstreams'] = { ...(spec['upstreams'] as object), maxItems: 8 }
        }),
      ),
    },
    ['FR0211 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it has other rules for spec.upstreams'],
  ],
  [
    'the CRD has a field more',
    {
      crd: given.crd(
        withSpec(spec => {
          spec['mirror'] = { type: 'object' }
        }),
      ),
    },
    [
      'FR0212 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it has spec.mirror, which this version does not know',
    ],
  ],
  [
    'the CRD has other words',
    {
      crd: given.crd(
        withSpec(spec => {
          spec['upstreams'] = { ...(spec['upstreams'] as object), description: 'other words' }
        }),
      ),
    },
    [],
  ],
  [
    'the CRD is being deleted',
    { crd: given.crd(one => ({ ...one, metadata: { ...one.metadata, deletionTimestamp: 'now' } })) },
    [
      'FR0213 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it is being deleted, and all routes with it',
    ],
  ],
  [
    'the names of the CRD are taken',
    {
      crd: given.crd(one => ({
        ...one,
        status: {
          conditions: [
            { type: 'NamesAccepted', status: 'False', message: '"fo" is taken' },
            { type: 'Established', status: 'False', message: 'no' },
          ],
        },
      })),
    },
    ['FR0213 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: NamesAccepted is False: "fo" is taken'],
  ],
  [
    'the CRD serves another version',
    { crd: given.crd(one => ({ ...one, spec: { versions: [{ name: 'v1', served: true }] } })) },
    ['FR0213 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it does not serve version v1alpha1'],
  ],
  [
    'there is no webhook',
    { webhook: absent },
    ['FR0215 MutatingWebhookConfiguration fanout-relay-injector: it is not there, so no pod is injected'],
  ],
  [
    'the injector is switched off',
    { webhook: absent, controllers: found([given.controller({ args: [] })]) },
    [],
  ],
  [
    'the webhook has no caBundle',
    { webhook: given.webhook('') },
    [
      'FR0216 MutatingWebhookConfiguration fanout-relay-injector: its webhooks have no caBundle that can be read, so the API server trusts nobody',
    ],
  ],
  [
    'the Service of the webhook is gone',
    { webhookService: absent },
    ['FR0217 Service fanout-relay/fanout-relay-injector: it is not there'],
  ],
  [
    'no pod behind the webhook is ready',
    { webhookEndpoints: found([given.slice('fanout-relay-injector', given.home, { ready: false })]) },
    ['FR0217 Service fanout-relay/fanout-relay-injector: no pod behind it is ready'],
  ],
  [
    'endpoints do not say whether they are ready',
    { webhookEndpoints: found([given.slice('fanout-relay-injector', given.home, {})]) },
    [],
  ],
  [
    'the certificate is missing',
    { certificate: absent },
    ['FR0218 Secret fanout-relay/fanout-relay-webhook-certificate: there is no certificate in it'],
  ],
  [
    'the certificate is nonsense',
    { certificate: given.secret('nonsense') },
    ['FR0218 Secret fanout-relay/fanout-relay-webhook-certificate: there is no certificate in it'],
  ],
  [
    'the certificate has expired',
    { certificate: given.secret(await given.leaf({ days: -1 })) },
    [expect.stringMatching(/^FR0219 .*: the certificate expired at /)],
  ],
  [
    'the certificate is not valid yet',
    { certificate: given.secret(await given.leaf({ days: 90, begins: 2 })) },
    [expect.stringMatching(/^FR0219 .*: the certificate is valid from /)],
  ],
  ['the certificate has three weeks left', { certificate: given.secret(await given.leaf({ days: 21 })) }, []],
  [
    'the certificate expires soon',
    { certificate: given.secret(await given.leaf({ days: 3.5 })) },
    [expect.stringMatching(/^FR0220 .*, in 3 days$/)],
  ],
  [
    'the certificate is for another name',
    { certificate: given.secret(await given.leaf({ dns: 'other.svc', days: 90 })) },
    [expect.stringMatching(/^FR0221 .*not for fanout-relay-injector.fanout-relay.svc: DNS:other.svc/)],
  ],
  [
    'the caBundle is of another authority',
    { webhook: given.webhook(given.base64(await given.leaf())) },
    [expect.stringMatching(/^FR0221 .*: none of the authorities/)],
  ],
  [
    'nothing is installed',
    { controllers: found([]), leases: found([]), webhook: absent, home: undefined },
    [
      'FR0225 Deployment fanout-relay-controller: the controller is not installed: routes get no status and pods no relay',
    ],
  ],
  [
    'no replica of the controller is available',
    { controllers: found([given.controller({ available: 0 })]) },
    ['FR0225 Deployment fanout-relay/fanout-relay-controller: no replica is available: not enough'],
  ],
  [
    'the controller is scaled to 0',
    { controllers: found([given.controller({ available: 0, replicas: 0 })]) },
    ['FR0225 Deployment fanout-relay/fanout-relay-controller: it is scaled to 0'],
  ],
  [
    'nobody has ever led',
    { leases: found([]) },
    ['FR0226 Lease fanout-relay/fanout-relay-controller: it is not there: no replica has ever led'],
  ],
  [
    'the leader is gone',
    { leases: found([given.lease(false)]) },
    [
      'FR0226 Lease fanout-relay/fanout-relay-controller: controller-1 has not renewed it since 2026-11-22T12:00:00.000000Z',
    ],
  ],
  [
    'the lease was given back',
    { leases: found([given.lease(false, '')]) },
    ['FR0226 Lease fanout-relay/fanout-relay-controller: nobody holds it'],
  ],
  ['the controller runs outside a Deployment', { controllers: found([]) }, []],
  [
    'another version is installed',
    {
      controllers: found([given.controller({ labels: { 'app.kubernetes.io/version': '2.0.0' } })]),
      pods: found([]),
    },
    [
      'FR0227 Deployment fanout-relay/fanout-relay-controller: version 2.0.0 is installed; this program is 1.2.3',
    ],
  ],
  [
    'pods are without their relay',
    { pods: found(['a', 'b'].map(name => given.pod(name, { relay: false, deployment: 'checkout' }))) },
    [
      'FR0230 Deployment shop/checkout: 2 pods without relay: it was made before injection was switched on, or while the webhook could not be reached',
    ],
  ],
  [
    'a relay is of another version',
    {
      pods: found([
        given.pod('a', { deployment: 'checkout', annotations: { 'fanoutrelay.dev/relay-version': '1.0.0' } }),
      ]),
    },
    ['FR0231 Deployment shop/checkout: 1 relay of version 1.0.0; 1.2.3 is installed'],
  ],
  [
    'the label of a pod is an annotation',
    { workloads: found([given.deployment('checkout', { annotations: { [inject]: 'true' } })]) },
    [
      'FR0232 Deployment shop/checkout: fanoutrelay.dev/inject has no effect as an annotation: make it a label of the pod',
    ],
  ],
  [
    'an annotation is a label',
    { workloads: found([given.deployment('checkout', { labels: { 'fanoutrelay.dev/port': '8080' } })]) },
    ['FR0232 Deployment shop/checkout: fanoutrelay.dev/port has no effect as a label: make it an annotation'],
  ],
  [
    'a Deployment itself has what belongs to its pods',
    {
      workloads: found([
        given.deployment(
          'checkout',
          {},
          {
            labels: { [inject]: 'false' },
            annotations: { 'fanoutrelay.dev/port': '5780', 'fanoutrelay.dev/status': 'injected' },
          },
        ),
      ]),
    },
    [
      'FR0232 Deployment shop/checkout: label fanoutrelay.dev/inject has no effect in the metadata of a workload: pods have what is in their template',
      'FR0232 Deployment shop/checkout: annotation fanoutrelay.dev/port has no effect in the metadata of a workload: pods have what is in their template',
    ],
  ],
  [
    'a Deployment has common labels, and so has its template',
    {
      workloads: found([
        given.deployment('checkout', { labels: { [inject]: 'true' } }, { labels: { [inject]: 'true' } }),
      ]),
    },
    [],
  ],
  [
    'the label of a namespace is an annotation',
    { namespaces: namespace({}, { [injection]: 'enabled' }) },
    ['FR0232 Namespace shop: fanoutrelay.dev/injection has no effect as an annotation'],
  ],
  [
    'a namespace has the label of pods',
    { namespaces: namespace({ [inject]: 'true' }) },
    ['FR0232 Namespace shop: label fanoutrelay.dev/inject has no effect on a namespace, only on pods'],
  ],
  [
    'an annotation is not known',
    { workloads: found([given.deployment('checkout', { annotations: { 'fanoutrelay.dev/prot': '1' } })]) },
    [
      expect.stringMatching(
        /^FR0233 Deployment shop\/checkout: annotation fanoutrelay.dev\/prot is not known/,
      ),
    ],
  ],
  [
    'an annotation is invalid',
    { workloads: found([given.deployment('checkout', { annotations: { 'fanoutrelay.dev/port': '80' } })]) },
    [
      'FR0234 Deployment shop/checkout: annotation fanoutrelay.dev/port cannot be "80": it must be a port from 1024 to 65535, which needs no privilege',
    ],
  ],
  [
    'a pod names an image that the operator does not allow',
    {
      controllers: found([given.controller({ args: ['--relay-image=relay:1', '--allowed-image=ours/*'] })]),
      workloads: found([
        given.deployment('a', { annotations: { 'fanoutrelay.dev/image': 'ours/relay:2' } }),
        given.deployment('b', { annotations: { 'fanoutrelay.dev/image': 'theirs/relay:2' } }),
      ]),
    },
    [expect.stringMatching(/^FR0234 Deployment shop\/b: .*"theirs\/relay:2"/)],
  ],
  [
    'a pod names an image, and what is allowed is not known',
    {
      controllers: given.unread('forbidden'),
      workloads: found([given.deployment('a', { annotations: { 'fanoutrelay.dev/image': 'any:1' } })]),
    },
    [],
  ],
  [
    'an annotation is invalid where nobody asks for a relay',
    {
      namespaces: namespace({}),
      workloads: found([given.deployment('checkout', { annotations: { 'fanoutrelay.dev/port': '80' } })]),
    },
    [],
  ],
  [
    'the label of a namespace says neither',
    { namespaces: namespace({ [injection]: 'true' }) },
    ['FR0235 Namespace shop: label fanoutrelay.dev/injection is "true", which gives no pod a relay'],
  ],
  [
    'the label of a pod says neither',
    { pods: found([given.pod('a', { relay: false, labels: { [inject]: 'yes' } })]) },
    ['FR0235 Pod shop/a: label fanoutrelay.dev/inject cannot be "yes": it must be "true" or "false"'],
  ],
  [
    'a pod cannot have a relay',
    { pods: found([given.pod('a', { relay: false, spec: { hostNetwork: true } })]) },
    ['FR0236 Pod shop/a: a pod with hostNetwork cannot have a relay'],
  ],
  [
    'a route is not accepted',
    {
      routes: found([
        given.route('orders', {
          Accepted: ['False', 'Invalid', 'FR0011 percent'],
          Programmed: ['False', 'Invalid', 'no'],
        }),
      ]),
    },
    ['FR0240 FanOutRoute shop/orders: Invalid: FR0011 percent'],
  ],
  [
    'a Service is missing',
    { routes: found([given.route('orders', { ResolvedRefs: ['False', 'BackendNotFound', 'no crm'] })]) },
    ['FR0241 FanOutRoute shop/orders: BackendNotFound: no crm'],
  ],
  [
    'a route is not programmed',
    { routes: found([given.route('orders', { Programmed: ['Unknown', 'RelayUnreachable', '1 of 2'] })]) },
    ['FR0242 FanOutRoute shop/orders: RelayUnreachable: 1 of 2'],
  ],
  [
    'statuses are old',
    {
      routes: found(
        ['a', 'b'].map(name => ({
          ...given.route(name),
          metadata: given.meta(name, 'shop', { generation: 5 }),
        })),
      ),
    },
    [
      'FR0243 FanOutRoute shop/a, shop/b: 2 routes without an up-to-date status: the controller has not looked at them',
    ],
  ],
  [
    'a route without status sends to no Service',
    { routes: found([{ ...given.route('orders'), status: undefined }]), services: found([]) },
    [
      'FR0241 FanOutRoute shop/orders: BackendNotFound: Upstream "inventory": there is no Service "inventory" in namespace "shop". Create it, or correct backendRef.',
      expect.stringMatching(/^FR0243 FanOutRoute shop\/orders/),
    ],
  ],
  [
    'a route without status is invalid',
    {
      routes: found([
        { ...given.route('orders', {}, { response: { success: 'Quorum' } }), status: undefined },
      ]),
    },
    [
      expect.stringMatching(/^FR0240 FanOutRoute shop\/orders: Invalid: FR0021/),
      expect.stringMatching(/^FR0243/),
    ],
  ],
  [
    'a route is hidden',
    {
      routes: found([
        given.route('orders', { Overridden: ['True', 'Overridden', 'shop/all ranks before it'] }),
      ]),
    },
    ['FR0244 FanOutRoute shop/orders: Overridden: shop/all ranks before it'],
  ],
  [
    'nobody is ready behind a Service',
    { endpoints: found([given.slice('inventory', 'shop', { ready: false })]) },
    [
      'FR0245 Service shop/inventory: no endpoint is ready, and upstream inventory of route shop/orders sends there',
    ],
  ],
  [
    'an ExternalName has no endpoints',
    { endpoints: found([]), services: found([given.service('inventory', 'shop', { type: 'ExternalName' })]) },
    [],
  ],
  [
    'the RoleBinding is missing',
    { roleBindings: found([]) },
    [
      'FR0250 RoleBinding shop/fanout-relay-reader: it is not there, so relays of the namespace cannot read its routes',
    ],
  ],
  [
    'the RoleBinding is somebody else’s',
    { roleBindings: found([{ metadata: given.meta('fanout-relay-reader', 'shop') }]) },
    [expect.stringMatching(/^FR0250 .*: it is not one of the controller/)],
  ],
  [
    'the ClusterRole is missing',
    { readerRole: absent },
    ['FR0251 ClusterRole fanout-relay-reader: it is not there'],
  ],
]

function withSpec(change: (properties: Record<string, unknown>) => void) {
  return (object: { spec: { versions: readonly { schema?: { openAPIV3Schema?: unknown } }[] } }) => {
    const schema = object.spec.versions[0]!.schema!.openAPIV3Schema as {
      properties: { spec: { properties: Record<string, unknown> } }
    }
    change(schema.properties.spec.properties)
    return object
  }
}

describe('check', () => {
  it('finds nothing in a healthy cluster', () => {
    expect(check({})).toEqual([])
  })

  it.each(cases)('%s', (_, changes, findings) => {
    expect(check(changes)).toEqual(findings)
  })

  it('leaves alone what it may not read, and says so', () => {
    const no = given.unread('forbidden', 'you may not')
    const sections = checkCluster(
      healthy({
        crd: no,
        webhook: no,
        controllers: no,
        leases: no,
        readerRole: no,
        namespaces: no,
        home: undefined,
      }),
      given.version,
    )
    expect(findingsIn(sections)).toEqual([])
    const skipped = sections.flatMap(({ lines }) => lines.filter(line => line.skipped === 'you may not'))
    expect(skipped.length).toBeGreaterThan(5)
  })

  it('does not count pods in namespaces that the webhook leaves alone', () => {
    const webhook = given.webhook()
    if (webhook.kind !== 'found') throw new Error('no webhook')
    const excluding = found({
      ...webhook.value,
      webhooks: webhook.value.webhooks!.map(one => ({
        ...one,
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }],
        },
      })),
    })
    const pods = found([given.pod('a', { relay: false })])
    expect(check({ pods })).toHaveLength(1)
    expect(check({ pods, webhook: excluding })).toEqual([])
  })
})

const preCases: readonly (readonly [
  title: string,
  changes: Partial<PreFacts>,
  findings: readonly string[],
])[] = [
  ['all is well', {}, []],
  ['a server from a distributor', { serverVersion: 'v1.30.4-eks-a737599' }, []],
  ['a later major version', { serverVersion: 'v2.0.0' }, []],
  [
    'an old server',
    { serverVersion: 'v1.28.15' },
    ['FR0260 API server: it is of version v1.28.15; native sidecars need 1.29'],
  ],
  [
    'no right to make a CRD',
    {
      permissions: found(
        installPermissions.map(permission => ({
          permission,
          allowed: permission.resource !== 'customresourcedefinitions',
        })),
      ),
    },
    ['FR0261 the whole cluster: you may not create customresourcedefinitions.apiextensions.k8s.io'],
  ],
  [
    'no right in the namespace',
    {
      permissions: found(
        installPermissions.map(permission => ({ permission, allowed: permission.resource !== 'secrets' })),
      ),
    },
    ['FR0261 Namespace tools: you may not create secrets'],
  ],
  [
    'a CRD by hand',
    { crd: found({ metadata: given.meta('fanoutroutes.fanoutrelay.dev') }) },
    [
      'FR0262 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it is there, and no Helm release made it',
    ],
  ],
  [
    'a CRD of another release',
    { crd: release('elsewhere') },
    [
      'FR0262 CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it belongs to Helm release relay in namespace elsewhere',
    ],
  ],
  ['the CRD of the release in that namespace', { crd: release('tools') }, []],
]

function release(namespace: string) {
  const annotations = { 'meta.helm.sh/release-name': 'relay', 'meta.helm.sh/release-namespace': namespace }
  return found({ metadata: given.meta('fanoutroutes.fanoutrelay.dev', undefined, { annotations }) })
}

describe('check --pre', () => {
  it.each(preCases)('%s', (_, changes, findings) => {
    expect(findingsIn(checkPre(preFacts(changes)))).toEqual(findings)
  })
})

const reasons: readonly (readonly [ApiErrorReason, string])[] = [
  ['connection', 'FR0200'],
  ['timeout', 'FR0200'],
  ['tls', 'FR0201'],
  ['unauthorized', 'FR0202'],
  ['credentials', 'FR0202'],
  ['forbidden', 'FR0203'],
  ['server_error', 'FR0204'],
]

it.each(reasons)('a request that fails by %s is %s', (reason, code) => {
  expect(serverFinding(new ApiError(reason, 'why'), 'https://x')).toMatchObject({
    code,
    where: 'API server https://x',
    message: 'why',
  })
})

it('every code is found by one of these cases', () => {
  const expected = JSON.stringify([
    ...cases.map(([, changes]) => check(changes)),
    ...preCases.map(([, changes]) => findingsIn(checkPre(preFacts(changes)))),
    reasons,
  ])
  expect(checkCodes.map(({ code }) => code).filter(code => !expected.includes(code))).toEqual([])
})

it('a finding stays on its line, whatever was written into the cluster', () => {
  const [found1] = check({
    routes: found([given.route('orders', { Accepted: ['False', 'Invalid', 'a\nb\u001b[2J\u202ec'] })]),
  })
  expect(found1).toBe('FR0240 FanOutRoute shop/orders: Invalid: a b [2J c')
})

it('what was looked at stays on its line as well', () => {
  const hostile = 'a\nb\u001b[2J\u202ec'
  expect(ok(`${hostile} leads`).what).toBe('a b [2J c leads')
  expect(skipped(hostile, hostile)).toEqual({ what: 'a b [2J c', findings: [], skipped: 'a b [2J c' })
  expect(finding('FR0226', { where: `Lease ${hostile}`, message: '' }).where).toBe('Lease a b [2J c')
})
