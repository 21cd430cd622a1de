import { injectionLabel, injectLabel, reasons } from '../api/labels.ts'
import type { Finding } from './conditions.ts'
import type { AskedRelay } from './relays.ts'

/** How far the relays that a route is for have got with it. */
export interface Rollout {
  readonly relays: number
  /** Run this generation. */
  readonly current: number
  /** Answered, and run another generation or none. */
  readonly outdated: number
  /** Did not answer. */
  readonly unreachable: number
  /** Not asked yet. */
  readonly pending: number
  /** Oldest of the other generations that are run; `undefined` = none. */
  readonly oldest: number | undefined
}

/** `route` is `namespace/name`. */
export const rolloutOf = (relays: readonly AskedRelay[], route: string, generation: number): Rollout => {
  const states = relays.map(relay => stateOf(relay, route, generation))
  const count = (wanted: RelayState): number => states.filter(state => state === wanted).length
  const others = relays.flatMap(({ answer }) => {
    const run = answer.kind === 'answered' ? answer.generations.get(route) : undefined
    return run !== undefined && run < generation ? [run] : []
  })
  return {
    relays: relays.length,
    current: count('current'),
    outdated: count('outdated'),
    unreachable: count('unreachable'),
    pending: count('pending'),
    oldest: others.length > 0 ? others.reduce((a, b) => Math.min(a, b)) : undefined,
  }
}

export type RelayState = 'current' | 'outdated' | 'unreachable' | 'pending'

/** A relay may be ahead of what the controller has seen; that is not behind. */
export const stateOf = ({ answer }: AskedRelay, route: string, generation: number): RelayState => {
  if (answer.kind !== 'answered') return answer.kind
  return (answer.generations.get(route) ?? -1) >= generation ? 'current' : 'outdated'
}

interface Circumstances {
  readonly generation: number
  readonly valid: boolean
  readonly narrowed: boolean
}

/** Programmed: whether every relay that the route is for runs this generation. */
export const programmed = (rollout: Rollout, { generation, valid, narrowed }: Circumstances): Finding => {
  const { relays, current, outdated, unreachable, pending, oldest } = rollout
  if (!valid) {
    const instead = oldest === undefined ? '' : ` Relays go on with generation ${oldest}.`
    const message = `Relays do not take over a route that is not valid.${instead}`
    return { status: 'False', reason: reasons.invalid, message }
  }
  if (relays === 0) return { status: 'False', reason: reasons.noRelays, message: noRelays(narrowed) }
  const share = `${current} of ${relays} relays run generation ${generation}`
  if (outdated > 0) return { status: 'False', reason: reasons.relayOutdated, message: `${share}.` }
  if (unreachable > 0) {
    const message = `${share}; ${unreachable} did not answer on the telemetry port. Check those pods, and that a NetworkPolicy lets the controller reach them.`
    return { status: 'Unknown', reason: reasons.relayUnreachable, message }
  }
  if (pending > 0)
    return { status: 'Unknown', reason: reasons.pending, message: `${share}; ${pending} were not asked yet.` }
  return { status: 'True', reason: reasons.programmed, message: `${share}.` }
}

const noRelays = (narrowed: boolean): string => {
  const how = `label the namespace ${injectionLabel}=enabled, or pods ${injectLabel}="true", and restart the workload`
  return narrowed
    ? `No running relay has the labels that spec.workloadSelector asks for. Correct the selector, or ${how}.`
    : `No relay runs in this namespace. To get one, ${how}.`
}
