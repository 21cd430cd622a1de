import type { RouteStatus } from '../api/status.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import { ApiError } from '../kubernetes/api-error.ts'
import type { ClusterView } from './cluster-view.ts'
import { Events } from './events.ts'
import { InjectionEvents, type UninjectedPod } from './injection-events.ts'
import { createJudge, type Judgement } from './judge-routes.ts'
import type { ControllerObserver } from './observer.ts'
import { isOptedIn } from './opt-in.ts'
import { regardingRoute } from './regarding.ts'
import { countRelays } from './relay-counts.ts'
import type { RelayPoller } from './relay-poller.ts'
import { type AskedRelay, relayOf } from './relays.ts'
import type { NamespaceObject, PodObject, RouteObject } from './resources.ts'
import { bindingStep } from './role-binding.ts'
import { conditionsOf, statusOf } from './route-status.ts'
import { sameStatus } from './same-status.ts'
import { slimRoute } from './slim.ts'
import { transitionsBetween } from './transitions.ts'
import { takeBindingStep } from './write-role-binding.ts'
import { writeStatus } from './write-status.ts'

export type FindUninjected = (
  pods: readonly PodObject[],
  namespace: NamespaceObject,
) => readonly UninjectedPod[]

export interface ReconcilerParts {
  readonly client: ClusterClient
  readonly identity: string
  readonly view: ClusterView
  readonly poller: Pick<RelayPoller, 'asked'>
  /** A namespace's pods that should have a relay and have none. */
  readonly findUninjected: FindUninjected
  readonly observer: ControllerObserver
  readonly clock: Clock
  readonly logger: Logger
  /** Aborts when this replica may not write any more. */
  readonly signal: AbortSignal
  readonly now?: () => Date
}

interface Write {
  /** The object of the view. */
  readonly from: RouteObject
  /** The same as we left it last, while the watch has not brought that back to us. */
  readonly route: RouteObject
  readonly status: RouteStatus
}

/** Statuses written at the same time. */
const parallelWrites = 4

/** Makes one namespace as it should be: statuses of routes, the RoleBinding of relays, figures about both. */
export class NamespaceReconciler {
  readonly #parts: Required<ReconcilerParts>
  readonly #events: Events
  readonly #injectionEvents: InjectionEvents
  readonly #judge = createJudge()
  /** Routes as we left them, by the objects of the view that they were made from. */
  readonly #written = new WeakMap<RouteObject, RouteObject>()
  /** Namespaces with a binding of somebody else, so that it is said once. */
  readonly #foreign = new Set<string>()
  /** Namespaces that the observer has figures of. */
  readonly #reported = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #askedBy = 0

  constructor(parts: ReconcilerParts) {
    this.#parts = { now: () => new Date(), ...parts }
    this.#events = new Events(parts)
    this.#injectionEvents = new InjectionEvents(this.#events)
  }

  /** Until then a status waits for relays that have not been asked: who has just begun to look knows none. */
  waitForRelaysUntil(instant: number): void {
    this.#askedBy = instant
  }

  /** Rejects when something could not be written; then it has to be tried again. */
  reconcile(namespace: string): Promise<void> {
    const work = this.#reconcile(namespace).finally(() => this.#running.delete(work))
    this.#running.add(work)
    return work
  }

  /** Resolves once nothing is under way. Figures go with it: from now on another replica has them. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#running])
    for (const namespace of this.#reported) this.#parts.observer.forget(namespace)
    this.#reported.clear()
  }

  async #reconcile(namespace: string): Promise<void> {
    const { clock, observer, logger, signal } = this.#parts
    const started = clock.now()
    const errors: unknown[] = []
    const attempt = async (step: () => Promise<void>, fields: object): Promise<void> => {
      try {
        if (!signal.aborted) await step()
      } catch (error) {
        if (signal.aborted) return
        errors.push(error)
        const level = isConflict(error) ? 'debug' : 'warn'
        logger[level]({ err: error, namespace, ...fields }, 'could not write; trying again')
      }
    }
    await attempt(() => this.#bind(namespace), { object: 'RoleBinding' })
    const writes = this.#dueWrites(namespace)
    const worker = async (): Promise<void> => {
      for (let next = writes.pop(); next; next = writes.pop()) {
        const write = next
        await attempt(() => this.#write(write), { route: `${namespace}/${write.route.metadata.name}` })
      }
    }
    await Promise.all(Array.from({ length: parallelWrites }, worker))
    const result = errors.length === 0 ? 'success' : errors.every(isConflict) ? 'conflict' : 'error'
    observer.reconciled(result, clock.now() - started)
    if (errors.length > 0) throw new Error(`${errors.length} writes failed`, { cause: errors[0] })
  }

  async #bind(namespace: string): Promise<void> {
    const { client, view, logger, signal } = this.#parts
    const [current] = view.roleBindings.in(namespace)
    const optedIn = isOptedIn(view.namespace(namespace), view.pods.in(namespace))
    const step = bindingStep(namespace, optedIn, current)
    if (step.kind !== 'foreign') this.#foreign.delete(namespace)
    else if (!this.#foreign.has(namespace)) {
      this.#foreign.add(namespace)
      logger.warn(
        { namespace, roleBinding: current?.metadata.name },
        'the RoleBinding of relays belongs to somebody else: it is left as it is, and relays may read no routes',
      )
    }
    await takeBindingStep(client, namespace, current, step, signal)
    if (step.kind === 'apply' || step.kind === 'remove')
      logger.info({ namespace, step: step.kind }, 'RoleBinding of relays')
  }

  /** Statuses that are not as they should be. */
  #dueWrites(namespace: string): Write[] {
    const { view, now, clock } = this.#parts
    const seen = view.routes.in(namespace).map(from => ({ from, route: this.#written.get(from) ?? from }))
    const routes = seen.map(({ route }) => route)
    const relays = this.#relays(namespace)
    const judged = this.#judge(routes)
    this.#report(namespace, relays, judged)
    const known = relays.filter(({ answer }) => answer.kind !== 'pending')
    const isFirstRound = known.length < relays.length && clock.now() < this.#askedBy
    const surroundings = {
      findService: (of: string, name: string) => view.services.get(of, name),
      now: now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    }
    return seen.flatMap(({ from, route }) => {
      const isNew = conditionsOf(route).length === 0
      // A relay that has just come is not behind; it is not known yet. Nor may a status go back to Unknown
      // because another replica has begun to look.
      if (!isNew && isFirstRound) return []
      if (!isNew && relays.length > 0 && known.length === 0) return []
      const status = statusOf(route, judged.get(route)!, { ...surroundings, relays: isNew ? relays : known })
      return sameStatus(route.status, status) ? [] : [{ from, route, status }]
    })
  }

  #relays(namespace: string): readonly AskedRelay[] {
    const { view, poller } = this.#parts
    return view.pods.in(namespace).flatMap(pod => {
      const relay = relayOf(pod)
      const asked = relay && poller.asked(relay.uid)
      return asked ? [asked] : []
    })
  }

  #report(
    namespace: string,
    relays: readonly AskedRelay[],
    judged: ReadonlyMap<RouteObject, Judgement>,
  ): void {
    const { view, observer, findUninjected, signal } = this.#parts
    const object = view.namespace(namespace)
    if (!object) {
      this.#reported.delete(namespace)
      this.#injectionEvents.forget(namespace)
      return observer.forget(namespace)
    }
    this.#reported.add(namespace)
    observer.relays(namespace, countRelays(relays, judged))
    const uninjected = findUninjected(view.pods.in(namespace), object)
    observer.uninjectedPods(namespace, uninjected.length)
    if (!signal.aborted)
      this.#injectionEvents.look(namespace, uninjected, name => view.pods.get(namespace, name))
  }

  async #write({ from, route, status }: Write): Promise<void> {
    const { client, observer, logger, signal } = this.#parts
    const { name, namespace } = route.metadata
    try {
      this.#written.set(from, slimRoute(await writeStatus(client, route, status, signal)))
    } catch (error) {
      // It was deleted; nothing is left to say.
      if (error instanceof ApiError && error.status === 404) return
      throw error
    }
    observer.statusWritten()
    logger.debug({ route: `${namespace}/${name}`, summary: status.summary }, 'status written')
    for (const transition of transitionsBetween(conditionsOf(route), status.conditions ?? [])) {
      logger.info({ route: `${namespace}/${name}`, reason: transition.reason }, 'route changed its state')
      this.#events.tell(regardingRoute(route), transition)
    }
  }
}

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409
