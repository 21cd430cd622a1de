import { customResourceDefinition } from '../../../src/api/crd.ts'
import {
  injectionLabel,
  managedBy,
  managedByLabel,
  relayRole,
  relayVersionAnnotation,
} from '../../../src/api/labels.ts'
import { absent, type Fact, found } from '../../../src/check/fact.ts'
import type { ClusterFacts } from '../../../src/check/facts.ts'
import type {
  CrdObject,
  EndpointSlice,
  SecretObject,
  SelectingService,
  WebhookObject,
  WorkloadObject,
} from '../../../src/check/objects.ts'
import type { PodObject, RouteObject } from '../../../src/controller/resources.ts'
import { relayBinding } from '../../../src/controller/role-binding.ts'
import type { KeyPair } from '../../../src/injector/certificates/key-pair.ts'
import { makeAuthority, makeLeaf } from '../../../src/injector/certificates/make-certificates.ts'
import { ApiError, type ApiErrorReason } from '../../../src/kubernetes/api-error.ts'

export const version = '1.2.3'
export const home = 'fanout-relay'
const dnsName = `fanout-relay-injector.${home}.svc`
const dayMs = 86_400_000

export const base64 = (text: string): string => Buffer.from(text).toString('base64')
export const meta = (name: string, namespace?: string, more: object = {}) => ({
  name,
  resourceVersion: '1',
  ...(namespace !== undefined && { namespace }),
  ...more,
})

export const unread = (reason: ApiErrorReason, message = 'no'): Fact<never> => ({
  kind: 'unread',
  reason,
  error: new ApiError(reason, message),
})

const now = Date.now()
export const authority = await makeAuthority({ now, notAfter: now + 365 * dayMs })

/** It has expired yesterday. */
export const expiredAuthority = await makeAuthority({ now: now - 20 * dayMs, notAfter: now - dayMs })

interface LeafOptions {
  readonly dns?: string
  /** From now until it ends. */
  readonly days?: number
  /** From now until it begins. */
  readonly begins?: number
  readonly issuer?: KeyPair
}

export const leaf = async ({
  dns = dnsName,
  days = 90,
  begins = -1,
  issuer = authority,
}: LeafOptions = {}): Promise<string> => {
  const times = { now: now + begins * dayMs, notAfter: now + days * dayMs }
  return (await makeLeaf(issuer, { ...times, dnsNames: [dns] })).cert
}
const goodLeaf = await leaf()

export const secret = (cert: string): Fact<SecretObject> =>
  found({ metadata: meta('fanout-relay-webhook-certificate', home), data: { 'tls.crt': base64(cert) } })

export const crd = (change: (object: CrdObject) => unknown = object => object): Fact<CrdObject> => {
  const object = structuredClone(customResourceDefinition()) as unknown as CrdObject
  const installed = {
    ...object,
    metadata: { ...object.metadata, resourceVersion: '1' },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  }
  return found(change(installed) as CrdObject)
}

/** With one caBundle of each webhook, or of the first and the second; '' = none. */
export const webhook = (caBundle = base64(authority.cert), second = caBundle): Fact<WebhookObject> => {
  const clientConfig = (bundle: string) => ({
    service: { name: 'fanout-relay-injector', namespace: home },
    ...(bundle !== '' && { caBundle: bundle }),
  })
  return found({
    metadata: meta('fanout-relay-injector'),
    webhooks: [
      { name: 'namespace.injector.fanoutrelay.dev', clientConfig: clientConfig(caBundle) },
      { name: 'pod.injector.fanoutrelay.dev', clientConfig: clientConfig(second) },
    ],
  })
}

export const controller = (
  more: { labels?: object; args?: string[]; available?: number; replicas?: number } = {},
) =>
  ({
    kind: 'Deployment',
    metadata: meta('fanout-relay-controller', home, {
      labels: { 'app.kubernetes.io/version': version, ...more.labels },
    }),
    spec: {
      replicas: more.replicas ?? 2,
      template: {
        spec: {
          containers: [
            { name: 'controller', args: ['controller', ...(more.args ?? ['--relay-image=relay:1'])] },
          ],
        },
      },
    },
    status: {
      availableReplicas: more.available ?? 2,
      conditions: [
        { type: 'Available', status: more.available === 0 ? 'False' : 'True', message: 'not enough' },
      ],
    },
  }) satisfies WorkloadObject

export const lease = (isAlive: boolean, holderIdentity = 'controller-1') => ({
  lease: {
    metadata: meta('fanout-relay-controller', home),
    spec: { holderIdentity, renewTime: '2026-11-22T12:00:00.000000Z' },
  },
  isAlive,
})

interface PodOptions {
  readonly relay?: boolean
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
  /** Made by a Deployment of this name. */
  readonly deployment?: string
}

export const pod = (name: string, options: PodOptions = {}): PodObject => {
  const { relay = true, labels = {}, annotations = {}, spec = {}, deployment } = options
  return {
    metadata: meta(name, 'shop', {
      uid: `uid-${name}`,
      labels: { ...labels, ...(deployment && { 'pod-template-hash': 'abc' }) },
      annotations: { ...(relay && { [relayVersionAnnotation]: version }), ...annotations },
      ...(deployment && {
        ownerReferences: [{ kind: 'ReplicaSet', name: `${deployment}-abc`, controller: true }],
      }),
    }),
    spec: {
      containers: [{ name: 'app' }],
      ...(relay && { initContainers: [{ name: 'fanout-relay' }] }),
      ...spec,
    },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  } as PodObject
}

/** `metadata` is that of the template, `own` that of the Deployment itself. */
export const deployment = (name: string, metadata: object = {}, own: object = {}): WorkloadObject => ({
  kind: 'Deployment',
  metadata: meta(name, 'shop', own),
  spec: { template: { metadata, spec: { containers: [{ name: 'app' }] } } },
})

const condition = (type: string, status = 'True', reason = type, message = `${type} it is`) => ({
  type,
  status,
  reason,
  message,
})

/** `conditions` replace those of a route that is ready. */
export const route = (
  name: string,
  conditions: Readonly<Record<string, readonly [status: string, reason: string, message: string]>> = {},
  spec: object = {},
): RouteObject => ({
  metadata: meta(name, 'shop', { generation: 4 }),
  spec: {
    matches: [{ path: { value: `/${name}` } }],
    upstreams: [{ name: 'inventory', backendRef: { name: 'inventory', port: 8080 } }],
    ...spec,
  },
  status: {
    observedGeneration: 4,
    conditions: [
      ...['Accepted', 'ResolvedRefs', 'Programmed', 'Ready']
        .filter(type => !(type in conditions))
        .map(type => condition(type)),
      ...Object.entries(conditions).map(([type, [status, reason, message]]) =>
        condition(type, status, reason, message),
      ),
    ],
  },
})

export const service = (name: string, namespace = 'shop', more: object = {}): SelectingService => ({
  metadata: meta(name, namespace),
  spec: { ports: [{ port: 8080 }], selector: { app: name }, ...more },
})

export const slice = (
  name: string,
  namespace = 'shop',
  conditions: { readonly ready?: boolean } = { ready: true },
): EndpointSlice => ({
  metadata: meta(`${name}-x`, namespace, { labels: { 'kubernetes.io/service-name': name } }),
  endpoints: [{ conditions }],
})

/** A cluster in which all is well. */
export const healthy = (changes: Partial<ClusterFacts> = {}): ClusterFacts => ({
  serverVersion: 'v1.35.0',
  namespace: undefined,
  now,
  crd: crd(),
  webhook: webhook(),
  controllers: found([controller()]),
  leases: found([lease(true)]),
  home,
  webhookService: found(service('fanout-relay-injector', home)),
  webhookEndpoints: found([slice('fanout-relay-injector', home)]),
  certificate: secret(goodLeaf),
  readerRole: found({ metadata: meta(relayRole) }),
  namespaces: found([{ metadata: meta('shop', undefined, { labels: { [injectionLabel]: 'enabled' } }) }]),
  pods: found([pod('checkout-1', { deployment: 'checkout' })]),
  workloads: found([deployment('checkout')]),
  roleBindings: found([
    {
      ...relayBinding('shop'),
      metadata: meta(relayRole, 'shop', { labels: { [managedByLabel]: managedBy } }),
    },
  ]),
  routes: found([route('orders')]),
  services: found([service('inventory')]),
  endpoints: found([slice('inventory')]),
  ...changes,
})

export { absent, found }
