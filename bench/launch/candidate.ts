import type { Child } from '../process/child.ts'
import type { Cores } from '../process/cores.ts'
import type { Workspace } from '../process/workspace.ts'

/** primary + shadow · two awaited legs in one answer · one upstream alone. */
export type Mode = 'shadow' | 'aggregate' | 'single'

/** What a candidate is started for. */
export interface Job {
  readonly mode: Mode
  readonly primary: number
  readonly secondary: number
  /** Bodies larger than the relay captures are streamed to all legs. */
  readonly streaming?: boolean
  /** Upstreams that never answer: wait until it listens instead of for a first answer. */
  readonly silentUpstreams?: boolean
  readonly requestTimeoutSeconds?: number
  /** Every policy on every leg, with bounds that are never met. Relay only. */
  readonly policies?: boolean
  /** Paths with a route each; one route for everything when omitted. Relay only. */
  readonly routes?: readonly { readonly type: 'Exact' | 'PathPrefix'; readonly value: string }[]
}

export interface Running {
  readonly pid: number
  readonly port: number
  /** Where its probes are, if not on `port`. */
  readonly telemetryPort?: number
  /** From the start of the process to its first good answer. */
  readonly readyMs: number
  /** From the start to its own word that it is ready, where it has one. */
  readonly ownWordMs?: number
  stop(): Promise<void>
}

export interface Candidate {
  readonly name: string
  readonly modes: readonly Mode[]
  /** Why it cannot take part, or undefined. */
  readonly missing?: string | undefined
  /** What exactly ran, for the report. */
  readonly version: string
  start(job: Job, site: Site): Promise<Running>
}

/** Where candidates are started. */
export interface Site {
  readonly cores: Cores
  readonly workspace: Workspace
}

/** Times a start; a candidate that never gets ready is ended, not left behind. */
export async function whenReady(
  port: number,
  launch: () => Child,
  ready: (child: Child) => Promise<number>,
): Promise<Running> {
  const startedAt = performance.now()
  const child = launch()
  try {
    return { pid: child.pid, port, readyMs: (await ready(child)) - startedAt, stop: child.stop }
  } catch (error) {
    await child.stop()
    throw error
  }
}
