/** Cells no series owns: late updates of released series land here and are never rendered. */
export const discard = 0
const discardWidth = 32

/**
 * The numbers of all series in one Float64Array. A series holds the index of its first cell, so that an
 * update is one addition; read `values` anew for each update, because growth replaces the array.
 */
export class Cells {
  values = new Float64Array(1024)
  #used = discardWidth
  readonly #free = new Map<number, number[]>()

  /** `width` zeroed cells in a row; `width` is at most 32. */
  take(width: number): number {
    const reused = this.#free.get(width)?.pop()
    if (reused !== undefined) return reused
    const first = this.#used
    this.#used += width
    if (this.#used > this.values.length) {
      const grown = new Float64Array(this.values.length * 2)
      grown.set(this.values)
      this.values = grown
    }
    return first
  }

  give(first: number, width: number): void {
    this.values.fill(0, first, first + width)
    const free = this.#free.get(width)
    if (free) free.push(first)
    else this.#free.set(width, [first])
  }
}
