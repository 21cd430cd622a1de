import type { Clock } from '../core/clock.ts'
import { pause } from './pause.ts'

export interface RemovalsParts {
  readonly clock: Clock
  readonly fate: (signal: AbortSignal) => Promise<'stays' | 'going' | 'unknown'>
  /** These are really gone. */
  readonly remove: (keys: readonly string[]) => void
  /** All that is to be removed stays: the whole resource is going. */
  readonly keep: () => void
}

/** The API server tells discovery that a resource is going about when it begins to delete its objects. */
const delayMs = 300

/** Deletions that wait to be confirmed. */
export class Removals {
  readonly #parts: RemovalsParts
  readonly #waiting = new Map<string, string>()
  #isAsking = false

  constructor(parts: RemovalsParts) {
    this.#parts = parts
  }

  add(key: string, version: string, signal: AbortSignal): void {
    this.#waiting.set(key, version)
    if (!this.#isAsking) void this.#ask(signal)
  }

  /** It is there again. */
  delete(key: string): void {
    this.#waiting.delete(key)
  }

  clear(): void {
    this.#waiting.clear()
  }

  /** Resource version of the deletion, while it waits. */
  versionOf(key: string): string | undefined {
    return this.#waiting.get(key)
  }

  async #ask(signal: AbortSignal): Promise<void> {
    this.#isAsking = true
    while (this.#waiting.size > 0) {
      await pause(delayMs, this.#parts.clock, signal)
      const asked = new Map(this.#waiting)
      const fate = await this.#parts.fate(signal)
      if (signal.aborted) break
      if (fate === 'going') {
        this.#waiting.clear()
        this.#parts.keep()
        break
      }
      const gone = [...asked]
        .filter(([key, version]) => this.#waiting.get(key) === version)
        .map(([key]) => key)
      for (const key of gone) this.#waiting.delete(key)
      if (gone.length > 0) this.#parts.remove(gone)
    }
    this.#isAsking = false
  }
}
