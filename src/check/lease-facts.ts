import type { Clock } from '../core/clock.ts'
import { pause } from '../kubernetes/pause.ts'
import { type Fact, found } from './fact.ts'
import type { LeaseFact } from './facts.ts'
import type { LeaseObject } from './objects.ts'

/** As long as a lease is good for without renewal. */
const freshMs = 15_000
/** A leader renews every 2 s. */
const watchMs = 5_000

interface Parts {
  readonly clock: Clock
  readonly wallClock: () => number
  readonly signal: AbortSignal
}

/**
 * Reads the leases of the controller. One that looks stale may only have been written by a machine whose clock is
 * not ours, so it is read again after a leader would have renewed it: whether it changed is what counts.
 */
export const readLeases = async (
  read: () => Promise<Fact<readonly LeaseObject[]>>,
  { clock, wallClock, signal }: Parts,
): Promise<Fact<readonly LeaseFact[]>> => {
  const first = await read()
  if (first.kind !== 'found') return first
  const fresh = (lease: LeaseObject): boolean => Math.abs(renewedAt(lease) - wallClock()) < freshMs
  const isHeld = ({ spec }: LeaseObject): boolean => Boolean(spec?.holderIdentity)
  if (first.value.every(lease => !isHeld(lease) || fresh(lease)))
    return found(first.value.map(lease => ({ lease, isAlive: isHeld(lease) })))
  await pause(watchMs, clock, signal)
  const second = await read()
  if (second.kind !== 'found') return second
  const before = new Map(first.value.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]))
  return found(
    second.value.map(lease => ({
      lease,
      isAlive: isHeld(lease) && before.get(lease.metadata.uid) !== lease.metadata.resourceVersion,
    })),
  )
}

const renewedAt = ({ spec }: LeaseObject): number => Date.parse(spec?.renewTime ?? '')
