/** Shuffles from a seed, so that a run's order can be repeated. */
export interface Random {
  shuffle<T>(items: readonly T[]): T[]
}

export function seeded(seed: number): Random {
  let state = seed >>> 0
  // mulberry32: small, and good enough to order a handful of candidates.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    shuffle: items => {
      const order = [...items]
      for (let last = order.length - 1; last > 0; last -= 1) {
        const other = Math.floor(next() * (last + 1))
        ;[order[last], order[other]] = [order[other]!, order[last]!]
      }
      return order
    },
  }
}
