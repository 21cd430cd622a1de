import type { KubernetesObject } from '../kubernetes/objects.ts'
import { ByNamespace, type Change } from './by-namespace.ts'
import { isOptedIn } from './opt-in.ts'
import type { RelayPoller } from './relay-poller.ts'
import { hasRelay, relayOf } from './relays.ts'
import { backendRefs } from './resolve-refs.ts'
import type {
  NamespaceObject,
  PodObject,
  RoleBindingObject,
  RouteObject,
  ServiceObject,
} from './resources.ts'
import { slimNamespace, slimPod, slimRoleBinding, slimRoute, slimService } from './slim.ts'

export type Kind = 'routes' | 'services' | 'pods' | 'namespaces' | 'roleBindings'

/** A namespace to look at. */
export interface Touched {
  readonly namespace: string
  /** Its relays will soon serve other routes than before. */
  readonly expectsRelays: boolean
}

/** What the controller knows of the cluster, and which namespaces a change concerns. */
export class ClusterView {
  readonly routes = new ByNamespace<RouteObject>(slimRoute)
  readonly services = new ByNamespace<ServiceObject>(slimService)
  readonly pods = new ByNamespace<PodObject>(slimPod)
  readonly roleBindings = new ByNamespace<RoleBindingObject>(slimRoleBinding)
  readonly #namespaces = new ByNamespace<NamespaceObject>(slimNamespace)

  namespace(name: string): NamespaceObject | undefined {
    return this.#namespaces.get('', name)
  }

  get routeCount(): number {
    return this.routes.namespaces.reduce((count, namespace) => count + this.routes.in(namespace).length, 0)
  }

  /** Namespaces where there is anything to do. */
  relevantNamespaces(): readonly string[] {
    const known = [
      ...this.routes.namespaces,
      ...this.roleBindings.namespaces,
      ...this.#namespaces.in('').map(({ metadata }) => metadata.name),
    ]
    return [...new Set(known)].filter(namespace => this.#isRelevant(namespace))
  }

  /** Takes over a change, tells the poller of relays that came and went, and says whom it concerns. */
  update(
    kind: Kind,
    objects: ReadonlyMap<string, KubernetesObject>,
    changed: ReadonlySet<string>,
    poller: Pick<RelayPoller, 'set' | 'delete'>,
  ): readonly Touched[] {
    const all = objects as ReadonlyMap<string, never>
    switch (kind) {
      case 'routes':
        return this.routes.update(all, changed).map(({ namespace, before, after }) => ({
          namespace,
          expectsRelays: after !== undefined && before?.metadata.generation !== after.metadata.generation,
        }))
      case 'services':
        return this.#referring(this.services.update(all, changed)).map(quiet)
      case 'pods':
        return this.#withPods(this.pods.update(all, changed), poller).map(quiet)
      case 'namespaces':
        return this.#namespaces
          .update(all, changed)
          .map(({ before, after }) => quiet((after ?? before)?.metadata.name ?? ''))
      case 'roleBindings':
        return this.roleBindings.update(all, changed).map(({ namespace }) => quiet(namespace))
    }
  }

  #isRelevant(namespace: string): boolean {
    return (
      this.routes.has(namespace) ||
      this.roleBindings.has(namespace) ||
      isOptedIn(this.namespace(namespace), this.pods.in(namespace))
    )
  }

  /** Namespaces with a route that sends to one of these Services. */
  #referring(changes: readonly Change<ServiceObject>[]): readonly string[] {
    const names = new Set(
      changes.map(({ namespace, before, after }) => `${namespace}/${(after ?? before)?.metadata.name}`),
    )
    return this.routes.namespaces.filter(namespace =>
      this.routes
        .in(namespace)
        .some(route =>
          backendRefs(route).some(ref => names.has(`${ref.namespace ?? namespace}/${ref.name}`)),
        ),
    )
  }

  #withPods(
    changes: readonly Change<PodObject>[],
    poller: Pick<RelayPoller, 'set' | 'delete'>,
  ): readonly string[] {
    const touched = new Set<string>()
    for (const { namespace, before, after } of changes) {
      const relay = after && relayOf(after)
      const uid = (after ?? before)?.metadata.uid
      // A pod of the same name may be another one.
      if (before?.metadata.uid !== undefined && before.metadata.uid !== uid)
        poller.delete(before.metadata.uid)
      if (relay) poller.set(relay)
      else if (uid !== undefined) poller.delete(uid)
      const hadRelay = before !== undefined && hasRelay(before)
      if (hadRelay || relay || this.#isRelevant(namespace)) touched.add(namespace)
    }
    return [...touched]
  }
}

const quiet = (namespace: string): Touched => ({ namespace, expectsRelays: false })
