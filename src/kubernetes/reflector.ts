import { type Clock, systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ClusterClient } from './api-client.ts'
import { ApiError, type ApiErrorReason, asApiError } from './api-error.ts'
import { Backoff } from './backoff.ts'
import { list } from './list.ts'
import { ObjectStore } from './object-store.ts'
import { isLater, type KubernetesObject, keyOf } from './objects.ts'
import { pause } from './pause.ts'
import { ReflectorLog } from './reflector-log.ts'
import type { ReflectorObserver } from './reflector-observer.ts'
import { Removals } from './removals.ts'
import { type Resource, resourceName } from './resource.ts'
import { resourceFate } from './resource-fate.ts'
import { type WatchEvent, watch } from './watch.ts'

export interface ReflectorOptions<T> {
  readonly client: ClusterClient
  readonly resource: Resource
  /**
   * Called after the first list, which may be empty, and whenever objects changed, with all objects and the keys of
   * those that did. The map is live. What it throws is logged.
   */
  onChange(objects: ReadonlyMap<string, T>, changed: ReadonlySet<string>): void
  readonly observer?: ReflectorObserver | undefined
  readonly logger?: Logger | undefined
  /**
   * For custom resources that must outlive their CustomResourceDefinition: before objects are let go, discovery is
   * asked whether the resource stays, which takes half a second. Default: deletions are taken as they come.
   */
  readonly guardDeletions?: boolean
  /** The first list is made at a random moment within this time. Default 1 s. */
  readonly spreadMs?: number
  /** Shortest and longest life of one watch, in seconds; see docs/kubernetes/reflector.md. */
  readonly watchSeconds?: readonly [min: number, max: number]
  /** Time between two lists, give or take a fifth. Default 10 min. */
  readonly relistMs?: number
  readonly clock?: Clock
  /** Numbers in [0, 1). */
  readonly random?: () => number
}

/**
 * Together with the grace: how long a connection that only seems to be there can hide an edit. The server ends a
 * watch by itself after that many seconds, and the next goes over the same connection, so this costs a request and
 * no handshake; waiting for bookmarks, which come about every minute, would take twice as long.
 */
const defaultWatchSeconds = [35, 45] as const
const graceMs = 8_000
/** For longer watches: two bookmarks were missed. */
const silenceMs = 130_000
const minWatchSeconds = 5
/** A watch that the server ends sooner, without a word, is not a regular end. */
const shortestWatchMs = 1_000
/** A watch that lived this long was a good one, whatever ended it. */
const settledMs = 10_000

/** After these the last version is of no use, or the connection had hidden something: everything is read anew. */
const needsList: ReadonlySet<ApiErrorReason> = new Set([
  'expired',
  'invalid',
  'not_found',
  'terminating',
  'timeout',
])

/**
 * Keeps a copy of the objects of one resource: a list, then a watch from there, for ever. Every failure is waited
 * out and tried again; what was known stays known meanwhile.
 */
export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>
  readonly #clock: Clock
  readonly #random: () => number
  readonly #store = new ObjectStore<T>()
  readonly #backoff: Backoff
  readonly #log: ReflectorLog
  readonly #removals: Removals
  #synced = false
  #mustList = true
  /** The next list only checks on a watch that had not failed: what it finds was lost. */
  #isCheck = false
  #version = ''
  #relistAt = 0
  #changed = new Set<string>()
  #endWatch: (reason: ApiError) => void = () => {}

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#backoff = new Backoff(this.#random)
    this.#log = new ReflectorLog(options.logger, resourceName(options.resource))
    this.#removals = new Removals({
      clock: this.#clock,
      fate: signal => resourceFate(options.client, options.resource, signal),
      remove: keys => this.#remove(keys),
      keep: () => {
        this.#mustList = true
        this.#endWatch(terminating())
      },
    })
  }

  /** By `namespace/name`, as last heard. */
  get objects(): ReadonlyMap<string, T> {
    return this.#store.objects
  }

  /** True once there was a whole list; it stays so. */
  get synced(): boolean {
    return this.#synced
  }

  /** Follows the server until the signal aborts, which also ends a request or a connect in flight. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { observer, spreadMs = 1_000 } = this.#options
    await pause(this.#random() * spreadMs, this.#clock, signal)
    while (!signal.aborted) {
      try {
        if (this.#mustList) await this.#list(signal)
        await this.#watch(signal)
      } catch (thrown) {
        if (signal.aborted) break
        const error = asApiError(thrown)
        if (needsList.has(error.reason)) this.#mustList = true
        observer?.connected(false)
        const history = { wasAllowed: this.#synced }
        this.#log.lost(error, { isPassing: this.#backoff.isPassing(error, history) })
        await pause(this.#backoff.next(error, history), this.#clock, signal)
      }
    }
    observer?.connected(false)
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, observer } = this.#options
    try {
      const { objects, version } = await list<T>(client, resource, signal)
      const difference = this.#store.compare(objects, this.#isCheck ? this.#version : undefined)
      const loses = difference.removed.size > 0 || (!this.#synced && objects.size === 0)
      if (loses) await this.#refuseIfGoing(signal)
      this.#removals.clear()
      this.#store.replace(objects, difference)
      this.#version = version
      for (const keys of [difference.changed, difference.removed])
        for (const key of keys) this.#changed.add(key)
      this.#report(difference.drift)
    } catch (error) {
      if (!signal.aborted) observer?.listed(asApiError(error).reason)
      throw error
    } finally {
      this.#isCheck = false
    }
    const first = !this.#synced
    this.#synced = true
    this.#mustList = false
    this.#relistAt = this.#clock.now() + (this.#options.relistMs ?? 600_000) * (0.8 + 0.4 * this.#random())
    observer?.listed('success')
    observer?.heard()
    this.#tellChanges(first)
  }

  #report(drift: number): void {
    if (drift === 0) return
    this.#options.observer?.drifted(drift)
    this.#log.drifted(drift)
  }

  async #refuseIfGoing(signal: AbortSignal): Promise<void> {
    const { client, resource, guardDeletions = false } = this.#options
    if (guardDeletions && (await resourceFate(client, resource, signal)) === 'going') throw terminating()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, observer } = this.#options
    const startedAt = this.#clock.now()
    const ending = new AbortController()
    const stop = (): void => ending.abort()
    let hasHeard = false
    this.#endWatch = reason => ending.abort(reason)
    // Not AbortSignal.any: it leaves something behind in the long-lived signal each time.
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      await watch<T>(client, resource, {
        version: this.#version,
        timeoutSeconds: this.#watchSeconds(),
        graceMs,
        silenceMs,
        signal: ending.signal,
        onOpen: () => {
          observer?.connected(true)
          observer?.heard()
          this.#log.recovered()
        },
        onEvent: event => this.#take(event, signal),
        onBookmark: version => {
          this.#version = version
        },
        onChunk: () => {
          hasHeard = true
          this.#backoff.reset()
          observer?.heard()
          this.#tellChanges()
        },
      })
      if (!hasHeard && this.#clock.now() - startedAt < shortestWatchMs)
        throw new ApiError('connection', 'the watch ended as soon as it began')
    } catch (thrown) {
      const error = asApiError(ending.signal.reason instanceof ApiError ? ending.signal.reason : thrown)
      const isHalfOpen = error.reason === 'timeout' && error.status !== 0
      if (!signal.aborted) observer?.restarted(isHalfOpen ? 'half_open' : error.reason)
      // Balancers that cut quiet connections must not drive the waits up.
      if (this.#clock.now() - startedAt >= settledMs) this.#backoff.reset()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      this.#endWatch = () => {}
    }
    this.#backoff.reset()
    const isListDue = this.#clock.now() >= this.#relistAt
    if (isListDue) this.#mustList = this.#isCheck = true
    observer?.restarted(isListDue ? 'relist' : 'ended')
  }

  #watchSeconds(): number {
    const [min, max] = this.#options.watchSeconds ?? defaultWatchSeconds
    const untilRelist = Math.ceil((this.#relistAt - this.#clock.now()) / 1000)
    const seconds = Math.round(min + this.#random() * (max - min))
    return Math.min(seconds, Math.max(minWatchSeconds, untilRelist))
  }

  #take({ type, object }: WatchEvent<T>, signal: AbortSignal): void {
    const key = keyOf(object)
    const { resourceVersion } = object.metadata
    if (!isLater(resourceVersion, this.#version)) return this.#checkRepeated(type, key, resourceVersion)
    this.#version = resourceVersion
    if (type === 'DELETED') {
      if (this.#options.guardDeletions) return this.#removals.add(key, resourceVersion, signal)
      this.#store.delete(key)
    } else {
      this.#removals.delete(key)
      this.#store.set(object)
    }
    this.#changed.add(key)
  }

  /** What came before may come again; what comes late has its place missed, so that only a list helps. */
  #checkRepeated(type: WatchEvent<T>['type'], key: string, version: string): void {
    const known = this.#removals.versionOf(key) ?? this.#store.objects.get(key)?.metadata.resourceVersion
    const isRepeated = known === undefined ? type === 'DELETED' : !isLater(version, known)
    if (!isRepeated) throw new ApiError('invalid', `${key} at ${version} came after ${this.#version}`)
  }

  #remove(keys: readonly string[]): void {
    for (const key of keys) {
      this.#store.delete(key)
      this.#changed.add(key)
    }
    this.#tellChanges()
  }

  #tellChanges(first = false): void {
    if (this.#changed.size === 0 && !first) return
    const changed = this.#changed
    this.#changed = new Set()
    try {
      this.#options.onChange(this.#store.objects, changed)
    } catch (error) {
      this.#log.threw(error)
    }
  }
}

const terminating = (): ApiError =>
  new ApiError('terminating', 'the CustomResourceDefinition is being deleted; its objects are kept')
