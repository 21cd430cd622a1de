/** Told when no table uses it any more. Requests of older ones may, so it goes on working. */
interface Retirable {
  retire(): void
}

const isRetirable = (thing: object): thing is Retirable => 'retire' in thing

/**
 * Things that outlast a table: breakers, limits, semaphores, budgets. A key names what it is, whose it is
 * and, as JSON, its settings, so that a changed setting makes a new one and an unchanged one goes on where it
 * stood. Each key always stands for the same type.
 */
export class Registry {
  readonly #things = new Map<string, object>()

  get size(): number {
    return this.#things.size
  }

  /** The thing of this key, made at the first question. */
  get<T extends object>(key: string, make: () => T): T {
    if (this.#things.has(key)) return this.#things.get(key) as T
    const thing = make()
    this.#things.set(key, thing)
    return thing
  }

  /**
   * Forgets everything but the keys that the new table uses. Requests on older tables keep what they hold to
   * their end.
   */
  retain(used: ReadonlySet<string>): void {
    for (const [key, thing] of this.#things) {
      if (used.has(key)) continue
      this.#things.delete(key)
      if (isRetirable(thing)) thing.retire()
    }
  }
}
