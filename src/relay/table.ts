import type { HostIndex } from './host-index.ts'
import type { NearRoute } from './nearest.ts'
import type { RequestHead } from './request-head.ts'
import type { RouteMatch } from './route.ts'

export interface TableParts {
  readonly revision: string
  readonly index: HostIndex
  readonly nearest: (path: string) => NearRoute[]
  /** Gives back what the table held; called once, after its last request. */
  readonly release: () => void
}

/**
 * All routes at one moment. Immutable but for the count of requests that use it: a request keeps the table
 * it started with to its end, and a table that was replaced lets go of its pools after the last of them.
 */
export class RouteTable {
  readonly revision: string
  readonly #parts: TableParts
  #users = 0
  #retired = false
  #released = false

  constructor(parts: TableParts) {
    this.revision = parts.revision
    this.#parts = parts
  }

  /** Exchanges that began on this table and are not over, copies included. */
  get users(): number {
    return this.#users
  }

  find(head: RequestHead): RouteMatch | undefined {
    return this.#parts.index.find(head)
  }

  nearest(path: string): NearRoute[] {
    return this.#parts.nearest(path)
  }

  enter(): void {
    this.#users++
  }

  leave(): void {
    this.#users--
    this.#releaseWhenUnused()
  }

  retire(): void {
    this.#retired = true
    this.#releaseWhenUnused()
  }

  #releaseWhenUnused(): void {
    if (!this.#retired || this.#users > 0 || this.#released) return
    this.#released = true
    this.#parts.release()
  }
}
