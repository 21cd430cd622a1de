import type { Candidate } from './launch/candidate.ts'
import type { Load } from './load/load.ts'
import type { Cores } from './process/cores.ts'
import type { Workspace } from './process/workspace.ts'
import type { Random } from './random.ts'
import type { Settings } from './settings.ts'
import type { Upstreams } from './upstreams/upstreams.ts'

/** Everything a measurement needs, made once for a run. */
export interface Bench {
  readonly settings: Settings
  readonly cores: Cores
  readonly workspace: Workspace
  readonly load: Load
  /** Two upstreams that answer at once. */
  readonly fast: Upstreams
  /** The candidates taking part: chosen, and installed. */
  readonly candidates: readonly Candidate[]
  readonly random: Random
  /** One line of progress, on stderr. */
  say(words: string): void
  /** A measurement that failed: the run goes on, and the report says so. */
  fail(what: string, error: unknown): void
}

export function candidateNamed(bench: Bench, name: string): Candidate | undefined {
  return bench.candidates.find(candidate => candidate.name === name)
}
