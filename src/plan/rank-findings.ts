import type { Finding } from './finding.ts'
import { compareAll, type Hidden, type Tie } from './hidden.ts'
import { type RankedMatch, rankMatches } from './precedence.ts'
import type { PlannedRoute, RelayPlan } from './types.ts'

/** What the routes of a plan do to each other. */
export interface RankResult {
  readonly overridden: readonly { readonly id: string; readonly by: string }[]
  readonly findings: readonly { readonly id: string; readonly finding: Finding }[]
}

/** Finds routes and matches that no request reaches (FR0101, FR0114), and ties (FR0102). */
export const checkRanks = (plan: Pick<RelayPlan, 'routes'>): RankResult => {
  const { hidden, ties } = compareAll(rankMatches(plan))
  const hiddenOf = Map.groupBy(hidden, ({ loser }) => loser.route)
  const results = [...hiddenOf].map(([route, ofRoute]) => describeHidden(route, ofRoute))
  return {
    overridden: results.flatMap(({ overridden }) => overridden),
    findings: [...results.flatMap(({ findings }) => findings), ...describeTies(ties)],
  }
}

/** A match is hidden when it is under every hostname; a route, when every match is. */
const describeHidden = (route: PlannedRoute, hidden: readonly Hidden[]): RankResult => {
  const ways = Math.max(1, route.hostnames.length)
  const byMatch = Map.groupBy(hidden, ({ loser }) => loser.index)
  const whole = [...byMatch.values()].filter(list => list.length === ways).map(list => list[0]!)
  const stranger = whole.find(({ winner }) => winner.route !== route)
  if (whole.length === route.matches.length && stranger) {
    const { winner, rule } = stranger
    const finding: Finding = {
      code: 'FR0101',
      path: ['spec', 'matches'],
      message: `no request reaches this route: ${nameOf(winner)} takes them all (${rule})`,
      fix: `make its match narrower than that of ${winner.route.id}, or remove one of the two`,
    }
    return {
      overridden: [{ id: route.id, by: winner.route.id }],
      findings: [{ id: route.id, finding }],
    }
  }
  const findings = whole.map(({ loser, winner, rule }) => ({
    id: route.id,
    finding: {
      code: 'FR0114',
      path: ['spec', 'matches', loser.index],
      message: `no request reaches this match: ${nameOf(winner)} takes them all (${rule})`,
      fix: 'make it narrower, or remove it',
    },
  }))
  return { overridden: [], findings }
}

const nameOf = ({ route, index }: RankedMatch): string => `spec.matches[${index}] of ${route.id}`

const describeTies = (ties: readonly Tie[]): RankResult['findings'] => {
  const byMatch = Map.groupBy(ties, ({ loser }) => `${loser.route.id} ${loser.index}`)
  return [...byMatch.values()].map(([tie]) => {
    const { loser, winner } = tie!
    const finding: Finding = {
      code: 'FR0102',
      path: ['spec', 'matches', loser.index],
      message: `a request that matches this and ${nameOf(winner)} goes there, because of the names of the routes only`,
      fix: 'add what sets one of them apart, such as a method, a header or a longer path',
    }
    return { id: loser.route.id, finding }
  })
}
