import type { RouteTable } from './table.ts'

/** The one reference that changes on a reload; a request reads it once. */
export class TableHolder {
  #current: RouteTable | undefined

  /** `undefined` before the first configuration has been loaded. */
  get current(): RouteTable | undefined {
    return this.#current
  }

  swap(next: RouteTable): void {
    const previous = this.#current
    this.#current = next
    previous?.retire()
  }
}
