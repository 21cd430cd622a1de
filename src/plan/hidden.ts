import { seenMatches } from './covers.ts'
import { decide, type PrecedenceRule, type RankedMatch } from './precedence.ts'

/** A match that no request reaches, and the one that ranks before it and takes them all. */
export interface Hidden {
  readonly loser: RankedMatch
  readonly winner: RankedMatch
  readonly rule: PrecedenceRule
}

/** Two matches that may take the same request and are told apart by the names of their routes only. */
export interface Tie {
  readonly loser: RankedMatch
  readonly winner: RankedMatch
}

/** Compares all matches of a plan, given in the order in which they are tried. */
export const compareAll = (
  ranked: readonly RankedMatch[],
): { readonly hidden: readonly Hidden[]; readonly ties: readonly Tie[] } => {
  const seen = seenMatches()
  const hidden: Hidden[] = []
  const ties: Tie[] = []
  for (const loser of ranked) {
    const winner = seen.coverOf(loser)
    if (winner) hidden.push({ loser, winner, rule: decide(winner, loser)?.rule ?? sameMatch })
    else {
      const rival = seen.rivalsOf(loser).find(other => isTie(other, loser))
      if (rival) ties.push({ loser, winner: rival })
    }
    seen.add(loser)
  }
  return { hidden, ties }
}

/** Two equal entries of one route under one hostname: the earlier one in the list. */
const sameMatch: PrecedenceRule = 'earlier in spec.matches'

/** Asked for every pair of matches with one path, so the cheap questions come first. */
const isTie = (a: RankedMatch, b: RankedMatch): boolean =>
  !areDisjoint(a.match.headers, b.match.headers) &&
  !areDisjoint(a.match.query, b.match.query) &&
  decide(a, b)?.rule === 'namespace/name in alphabetical order'

type Values = RankedMatch['match']['headers']

const areDisjoint = (a: Values, b: Values): boolean =>
  a.some(({ type, name, value }) =>
    b.some(
      other => other.name === name && other.type === 'Exact' && type === 'Exact' && other.value !== value,
    ),
  )
