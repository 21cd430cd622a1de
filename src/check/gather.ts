import { backendRefs } from '../controller/resolve-refs.ts'
import type { NamespaceObject, PodObject, RoleBindingObject, RouteObject } from '../controller/resources.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { absent, type Fact, factValue, found } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { readLeases } from './lease-facts.ts'
import type {
  CrdObject,
  EndpointSlice,
  LeaseObject,
  SecretObject,
  SelectingService,
  WebhookObject,
  WorkloadObject,
} from './objects.ts'
import { joined, type Reader, reader } from './read.ts'
import {
  certificateSecret,
  crdPath,
  readerRolePath,
  resources,
  webhookName,
  webhookPath,
} from './resources.ts'

export interface GatherOptions {
  /** `undefined` = all. */
  readonly namespace: string | undefined
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** Milliseconds since 1970. Default Date.now. */
  readonly wallClock?: () => number
}

/** The version of the API server, which anybody may ask. @throws ApiError when it cannot be asked */
export const readServerVersion = async (client: ClusterClient, signal: AbortSignal): Promise<string> => {
  const { body } = await client.request({ path: '/version', deadlineMs: 10_000, signal })
  return String((body as { readonly gitVersion?: unknown } | undefined)?.gitVersion ?? 'unknown')
}

/** Reads everything that `check` judges. It changes nothing. @throws ApiError when there is no API server to ask */
export const gatherFacts = async (
  client: ClusterClient,
  { namespace, signal, clock = systemClock, wallClock = Date.now }: GatherOptions,
): Promise<ClusterFacts> => {
  const serverVersion = await readServerVersion(client, signal)
  const read = reader(client, signal)
  const [crd, webhook, controllers, leases, readerRole, roleBindings, namespaces, pods, workloads, routes] =
    await Promise.all([
      read.get<CrdObject>(crdPath),
      read.get<WebhookObject>(webhookPath),
      read.list<WorkloadObject>(resources.controllers),
      readLeases(() => read.list<LeaseObject>(resources.leases), { clock, wallClock, signal }),
      read.get<KubernetesObject>(readerRolePath),
      read.list<RoleBindingObject>(resources.roleBindings(namespace)),
      readNamespaces(read, namespace),
      read.list<PodObject>(resources.pods(namespace)),
      readWorkloads(read, namespace),
      read.list<RouteObject>(resources.routes(namespace)),
    ])
  const home = homeOf(factValue(webhook), factValue(controllers), factValue(leases))
  const targets = namespace === undefined ? [undefined] : targetNamespaces(factValue(routes) ?? [], namespace)
  const [atHome, services, endpoints] = await Promise.all([
    readHome(read, home),
    Promise.all(targets.map(target => read.list<SelectingService>(resources.services(target)))),
    Promise.all(targets.map(target => read.list<EndpointSlice>(resources.endpoints(target)))),
  ])
  return {
    serverVersion,
    namespace,
    now: wallClock(),
    crd,
    webhook,
    controllers,
    leases,
    home,
    ...atHome,
    readerRole,
    roleBindings,
    namespaces,
    pods,
    workloads,
    routes,
    services: joined(services),
    endpoints: joined(endpoints),
  }
}

const readNamespaces = async (
  read: Reader,
  namespace: string | undefined,
): Promise<Fact<readonly NamespaceObject[]>> => {
  if (namespace === undefined) return read.list<NamespaceObject>(resources.namespaces)
  const one = await read.get<NamespaceObject>(`/api/v1/namespaces/${encodeURIComponent(namespace)}`)
  return one.kind === 'found' ? found([one.value]) : one
}

const kinds = [
  ['deployments', 'Deployment'],
  ['statefulsets', 'StatefulSet'],
  ['daemonsets', 'DaemonSet'],
] as const

/** Items of a list do not say what they are. */
const readWorkloads = async (
  read: Reader,
  namespace: string | undefined,
): Promise<Fact<readonly WorkloadObject[]>> =>
  joined(
    await Promise.all(
      kinds.map(async ([plural, kind]) => {
        const fact = await read.list<WorkloadObject>(resources.workloads(plural, namespace))
        return fact.kind === 'found' ? found(fact.value.map(object => ({ ...object, kind }))) : fact
      }),
    ),
  )

const homeOf = (
  webhook: WebhookObject | undefined,
  controllers: readonly KubernetesObject[] = [],
  leases: readonly { readonly lease: KubernetesObject }[] = [],
): string | undefined =>
  webhook?.webhooks?.[0]?.clientConfig.service?.namespace ??
  controllers[0]?.metadata.namespace ??
  leases[0]?.lease.metadata.namespace

const readHome = async (
  read: Reader,
  home: string | undefined,
): Promise<Pick<ClusterFacts, 'webhookService' | 'webhookEndpoints' | 'certificate'>> => {
  if (home === undefined) return { webhookService: absent, webhookEndpoints: absent, certificate: absent }
  const path = `/api/v1/namespaces/${home}`
  const [webhookService, webhookEndpoints, certificate] = await Promise.all([
    read.get<SelectingService>(`${path}/services/${webhookName}`),
    read.list<EndpointSlice>(resources.endpoints(home, webhookName)),
    read.get<SecretObject>(`${path}/secrets/${certificateSecret}`),
  ])
  return { webhookService, webhookEndpoints, certificate }
}

const targetNamespaces = (routes: readonly RouteObject[], own: string): readonly string[] => [
  ...new Set([own, ...routes.flatMap(backendRefs).flatMap(({ namespace }) => namespace ?? [])]),
]
