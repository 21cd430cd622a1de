import { isLater, type KubernetesObject, keyOf } from './objects.ts'

/** What a list says that the store did not know. */
export interface Difference {
  /** Keys of objects that are new or other than before. */
  readonly changed: ReadonlySet<string>
  /** Keys of objects that are not there any more. */
  readonly removed: ReadonlySet<string>
  /**
   * How many of these a watch up to `seenVersion` should have brought. A deletion in the very moment between watch
   * and list counts as well: a list does not say when something went.
   */
  readonly drift: number
}

/** The objects of one resource, as last heard. */
export class ObjectStore<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>()

  /** The same map for ever. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects
  }

  /** Compares with a list. `seenVersion` is the last version of the watch; `undefined` = there was none. */
  compare(listed: ReadonlyMap<string, T>, seenVersion: string | undefined): Difference {
    const changed = new Set<string>()
    const removed = new Set<string>()
    let drift = 0
    for (const [key, object] of listed) {
      const { resourceVersion } = object.metadata
      if (this.#objects.get(key)?.metadata.resourceVersion === resourceVersion) continue
      changed.add(key)
      if (seenVersion !== undefined && !isLater(resourceVersion, seenVersion)) drift += 1
    }
    for (const key of this.#objects.keys()) if (!listed.has(key)) removed.add(key)
    if (seenVersion !== undefined) drift += removed.size
    return { changed, removed, drift }
  }

  /** Objects that did not change stay the same ones. */
  replace(listed: ReadonlyMap<string, T>, { changed, removed }: Difference): void {
    for (const key of removed) this.#objects.delete(key)
    for (const key of changed) this.#objects.set(key, listed.get(key)!)
  }

  set(object: T): void {
    this.#objects.set(keyOf(object), object)
  }

  delete(key: string): void {
    this.#objects.delete(key)
  }
}
