/** The candidate that was probably meant, or `undefined` when none is near. */
export const closest = (word: string, candidates: readonly string[]): string | undefined => {
  const wanted = word.toLowerCase()
  // One slip for every three letters: `lnit` is near `lint`, `url` is not near `role`.
  let best: string | undefined
  let bestDistance = Math.floor(Math.min(Math.max(wanted.length, 3), 24) / 3) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best ?? candidates.find(candidate => hasSameStart(wanted, candidate.toLowerCase()))
}

/** `hosts` and `hostnames`, `match` and `matches`: most of the word is the beginning of the other. */
const hasSameStart = (word: string, candidate: string): boolean =>
  word.length >= 3 && candidate.startsWith(word.slice(0, Math.max(3, Math.ceil(word.length * 0.6))))

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), given up at `limit`. */
const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swap = isSwap ? beforeLast[column - 2]! + 1 : limit
      current.push(Math.min(substitution, last[column]! + 1, current[column - 1]! + 1, swap))
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
