import { relayRole } from '../api/labels.ts'
import { group, plural, version } from '../api/names.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { Reflector } from '../kubernetes/reflector.ts'
import type { ReflectorObserver } from '../kubernetes/reflector-observer.ts'
import type { Resource } from '../kubernetes/resource.ts'
import type { AskRelay } from './ask-relay.ts'
import { ClusterView, type Kind } from './cluster-view.ts'
import type { ControllerObserver } from './observer.ts'
import { type FindUninjected, NamespaceReconciler } from './reconcile-namespace.ts'
import { RelayPoller } from './relay-poller.ts'
import { WorkQueue } from './work-queue.ts'

export interface ControllerParts {
  readonly client: ClusterClient
  /** Of this replica; who events are from. */
  readonly identity: string
  readonly ask: AskRelay
  /** A namespace's pods that should have a relay and have none. */
  readonly findUninjected: FindUninjected
  readonly observer: ControllerObserver
  readonly clock: Clock
  readonly logger: Logger
  /** Of the watch of each resource. */
  readonly watchObserver?: (resource: string) => ReflectorObserver
  /** Every namespace is looked at again after this time, give or take a fifth. Default 10 min. */
  readonly resyncMs?: number
  readonly random?: () => number
}

/** After the first lists: how long a status waits for relays that have not been asked yet. */
const firstRoundMs = 5_000

const resources: Readonly<Record<Kind, Resource>> = {
  routes: { group, version, plural },
  services: { group: '', version: 'v1', plural: 'services' },
  pods: { group: '', version: 'v1', plural: 'pods' },
  namespaces: { group: '', version: 'v1', plural: 'namespaces' },
  // The API server takes a selector for one name as a request for that one, which is all the controller may see.
  roleBindings: {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    plural: 'rolebindings',
    fieldSelector: `metadata.name=${relayRole}`,
  },
}

/**
 * Writes the status of routes and makes the RoleBindings of relays, as long as the signal lets it. It looks at how
 * things are, never at what happened: a lost or repeated event changes nothing.
 */
export const runController = async (parts: ControllerParts, signal: AbortSignal): Promise<void> => {
  const { client, clock, logger, random = Math.random, resyncMs = 600_000 } = parts
  const view = new ClusterView()
  const pending = new Set(Object.keys(resources) as Kind[])
  const poller = new RelayPoller({ clock, ask: parts.ask, random, onChange: namespace => touch(namespace) })
  const reconciler = new NamespaceReconciler({ ...parts, view, poller, signal })
  const queue = new WorkQueue({ clock, random, work: namespace => reconciler.reconcile(namespace) })
  const touch = (namespace: string): void => {
    // Before everything was listed, what is missing may only not have been read yet.
    if (pending.size === 0 && !signal.aborted) queue.add(namespace)
  }
  const touchAll = (): void => {
    for (const namespace of view.relevantNamespaces()) touch(namespace)
  }

  const follow = <T extends KubernetesObject>(kind: Kind): Promise<void> =>
    new Reflector<T>({
      client,
      resource: resources[kind],
      logger,
      clock,
      random,
      observer: parts.watchObserver?.(resources[kind].plural),
      spreadMs: 0,
      onChange: (objects, changed) => {
        for (const { namespace, expectsRelays } of view.update(kind, objects, changed, poller)) {
          if (expectsRelays) poller.hurry(namespace)
          touch(namespace)
        }
        if (!pending.delete(kind) || pending.size > 0) return
        logger.info({ routes: view.routeCount }, 'watching')
        reconciler.waitForRelaysUntil(clock.now() + firstRoundMs)
        clock.after(firstRoundMs, touchAll)
        touchAll()
      },
    }).run(signal)

  const resync = (): void => {
    cancelResync = clock.after(resyncMs * (0.8 + random() * 0.4), () => {
      touchAll()
      resync()
    })
  }
  let cancelResync = (): void => {}
  resync()
  await Promise.all((Object.keys(resources) as Kind[]).map(kind => follow(kind)))
  cancelResync()
  queue.stop()
  poller.stop()
  await reconciler.end()
}
