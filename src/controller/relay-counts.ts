import { matchesLabels } from '../api/match-labels.ts'
import type { Judgement } from './judge-routes.ts'
import { type RelayState, stateOf } from './programmed.ts'
import type { AskedRelay } from './relays.ts'
import type { RouteObject } from './resources.ts'

/**
 * Relays of a namespace by state. One is `outdated` when any valid route it is for is not run in its generation.
 */
export const countRelays = (
  relays: readonly AskedRelay[],
  judged: ReadonlyMap<RouteObject, Judgement>,
): Readonly<Record<RelayState, number>> => {
  const counts = { current: 0, outdated: 0, unreachable: 0, pending: 0 }
  const valid = [...judged].filter(([, { served }]) => served !== undefined)
  for (const relay of relays) {
    const isBehind = valid.some(
      ([{ metadata }, { selector }]) =>
        matchesLabels(selector, relay.labels) &&
        stateOf(relay, `${metadata.namespace}/${metadata.name}`, metadata.generation ?? 0) === 'outdated',
    )
    counts[relay.answer.kind === 'answered' ? (isBehind ? 'outdated' : 'current') : relay.answer.kind] += 1
  }
  return counts
}
