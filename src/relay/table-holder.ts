import type { RouteTable } from './table.ts'

/** The one reference that changes on a reload; a request reads it once. */
export class TableHolder {
  #current: RouteTable | undefined
  /** Replaced, but with requests that began on them. */
  readonly #retired = new Set<RouteTable>()

  /** `undefined` before the first configuration has been loaded. */
  get current(): RouteTable | undefined {
    return this.#current
  }

  /** Requests under way on any table, those whose copies alone still run included. */
  get inUse(): number {
    let users = this.#current?.users ?? 0
    for (const table of this.#retired) {
      if (table.users === 0) this.#retired.delete(table)
      else users += table.users
    }
    return users
  }

  swap(next: RouteTable): void {
    const previous = this.#current
    this.#current = next
    if (!previous) return
    previous.retire()
    for (const table of this.#retired) if (table.users === 0) this.#retired.delete(table)
    if (previous.users > 0) this.#retired.add(previous)
  }
}
