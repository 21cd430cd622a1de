import { group, plural, version } from '../api/names.ts'
import type { Problem } from '../api/problem.ts'
import type { RouteResource, RouteSource } from '../api/snapshot.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { Reflector } from '../kubernetes/reflector.ts'
import { SourceFigures } from './kubernetes-source-figures.ts'
import { PodLabels } from './kubernetes-source-labels.ts'
import { maxRoutes } from './limits.ts'
import { RouteCache } from './route-cache.ts'
import { isSelected } from './workload-selector.ts'

export interface KubernetesSourceOptions {
  readonly client: ClusterClient
  /** Downward API file with the pod's labels, for `spec.workloadSelector`. */
  readonly podLabels?: string | undefined
  /** File in which the last routes outlive this process. */
  readonly routeCache?: string | undefined
  /** Told of everything; whoever shows metrics reads it. */
  readonly figures?: SourceFigures | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock
  readonly random?: () => number
}

/** One edit is one event; a list, or a `kubectl apply` of many routes, is several that come together. */
const settleMs = 5
/** Relays that restart together do not list together. With routes from a cache there is time. */
const spreadMs = { cold: 250, cached: 5_000 }

/**
 * The routes of one namespace, from the API server. What was last heard stays in use for ever: a server that is away,
 * or refuses, or has lost the resource, changes nothing. Without cache nothing is published until there was a list.
 * At its end it closes the client.
 */
export const kubernetesSource = (options: KubernetesSourceOptions): RouteSource => ({
  run: (publish, signal) => new Follower(options).run(publish, signal),
})

class Follower {
  readonly #options: KubernetesSourceOptions
  readonly #clock: Clock
  readonly #figures: SourceFigures
  readonly #labels: PodLabels
  readonly #cache: RouteCache | undefined
  readonly #resources = new WeakMap<object, RouteResource>()
  #objects: readonly KubernetesObject[] = []
  #publish: () => void = () => {}
  #pending = false

  constructor(options: KubernetesSourceOptions) {
    const { client, podLabels, routeCache, logger, clock = systemClock } = options
    this.#options = options
    this.#clock = clock
    this.#figures = options.figures ?? new SourceFigures(clock)
    this.#labels = new PodLabels(podLabels, clock, logger)
    this.#cache = routeCache === undefined ? undefined : new RouteCache(routeCache, client, logger)
  }

  async run(publish: Parameters<RouteSource['run']>[0], signal: AbortSignal): Promise<void> {
    const { client, logger, random } = this.#options
    await this.#labels.read()
    this.#publish = () => publish({ backends: undefined, ...this.#routes() })
    const isCached = await this.#loadCache()
    if (signal.aborted) return
    this.#labels.follow(() => this.#publishIfAny(), signal)
    const reflector = new Reflector<KubernetesObject>({
      client,
      resource: { group, version, plural, namespace: client.namespace },
      onChange: objects => {
        this.#objects = [...objects.values()]
        this.#figures.servedFrom('api')
        this.#save()
        this.#publishSoon(signal)
      },
      observer: this.#figures,
      logger,
      guardDeletions: true,
      spreadMs: isCached ? spreadMs.cached : spreadMs.cold,
      clock: this.#clock,
      ...(random && { random }),
    })
    await reflector.run(signal)
    if (reflector.synced) this.#save()
    await this.#cache?.settled()
    await client.close()
  }

  async #loadCache(): Promise<boolean> {
    const cached = await this.#cache?.load()
    if (!cached) return false
    this.#objects = cached.objects.filter(isNamed)
    const ageSeconds = Math.max(0, Math.round((Date.now() - cached.confirmedAtMs) / 1000))
    this.#figures.servedFrom('cache', ageSeconds)
    this.#options.logger?.info({ routes: this.#objects.length, ageSeconds }, 'routes from the route cache')
    this.#publish()
    return true
  }

  #save(): void {
    this.#cache?.save(this.#objects, Date.now() - this.#figures.staleSeconds * 1000)
  }

  /** Labels may change before the first list; then there is nothing to say yet. */
  #publishIfAny(): void {
    if (this.#figures.source !== undefined) this.#publish()
  }

  #publishSoon(signal: AbortSignal): void {
    if (this.#pending) return
    this.#pending = true
    this.#clock.after(settleMs, () => {
      this.#pending = false
      if (!signal.aborted) this.#publish()
    })
  }

  #routes(): { readonly routes: readonly RouteResource[]; readonly problems: readonly Problem[] } {
    const labels = this.#labels.current
    const selected = this.#objects.filter(object => isSelected(selectorOf(object), labels))
    const routes = selected.slice(0, maxRoutes).map(object => this.#resourceOf(object))
    return { routes, problems: selected.length > maxRoutes ? [tooManyRoutes(selected.length)] : [] }
  }

  /** The same for the same object: what did not change is not planned again. */
  #resourceOf(object: KubernetesObject): RouteResource {
    const known = this.#resources.get(object)
    if (known) return known
    const { name } = object.metadata
    const namespace = object.metadata.namespace ?? this.#options.client.namespace
    const resource = { id: `${namespace}/${name}`, namespace, name, object }
    this.#resources.set(object, resource)
    return resource
  }
}

const isNamed = (value: unknown): value is KubernetesObject =>
  typeof (value as Partial<KubernetesObject> | null)?.metadata?.name === 'string'

const selectorOf = (object: KubernetesObject): unknown =>
  (object as { readonly spec?: { readonly workloadSelector?: unknown } | null }).spec?.workloadSelector

const tooManyRoutes = (count: number): Problem => ({
  severity: 'error',
  code: 'FR0046',
  message: `${count} routes are more than the ${maxRoutes} that are served; the rest is left out`,
  fix: 'give the relay only the routes it is to serve, by workloadSelector',
})
