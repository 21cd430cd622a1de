import type { ControlPlane } from '../../test/cluster/support/control-plane.ts'
import type { Workspace } from '../process/workspace.ts'

/** Everything a measurement on the control plane needs, made once for a run. */
export interface ClusterBench {
  readonly plane: ControlPlane
  readonly workspace: Workspace
  readonly amounts: Amounts
  /** Command line of the relay, up to the verb. */
  readonly relay: readonly string[]
  /** One line of progress, on stderr. */
  say(words: string): void
}

/** How much is measured. `quick` proves that everything still runs; its figures mean little. */
export interface Amounts {
  /** Of each way to make them. */
  readonly timedEdits: number
  readonly editsUnderLoad: number
  readonly idleSeconds: number
  readonly awaySeconds: number
  readonly frozenRelays: number
  /** Between the freezing of one relay's connection and the next. */
  readonly freezeEveryMs: number
  readonly watches: number
  readonly windows: number
  readonly windowSeconds: number
  /** Before the first window of watches: in this time all of them were renewed once. */
  readonly settleSeconds: number
  readonly starts: number
}

export const full: Amounts = {
  timedEdits: 100,
  editsUnderLoad: 1000,
  idleSeconds: 5,
  awaySeconds: 60,
  frozenRelays: 6,
  freezeEveryMs: 6_000,
  watches: 1000,
  windows: 3,
  windowSeconds: 40,
  settleSeconds: 50,
  starts: 5,
}

export const quick: Amounts = {
  timedEdits: 5,
  editsUnderLoad: 50,
  idleSeconds: 1,
  awaySeconds: 5,
  frozenRelays: 1,
  freezeEveryMs: 0,
  watches: 50,
  windows: 1,
  windowSeconds: 5,
  settleSeconds: 3,
  starts: 1,
}
