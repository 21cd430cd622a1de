import { cpus, release, totalmem } from 'node:os'
import type { Candidate } from '../launch/candidate.ts'
import type { Cores } from '../process/cores.ts'

/** Where and with what a run was made: without it, no two runs can be compared. */
export function environment(
  candidates: readonly Candidate[],
  cores: Cores,
  upstreams: string,
): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    upstreams,
    pinning:
      cores.unpinned ??
      `candidate on core ${cores.candidate}, load and upstreams on core ${cores.surroundings}`,
    candidates: Object.fromEntries(
      candidates.map(({ name, version, missing }) => [name, missing ? `MISSING: ${missing}` : version]),
    ),
  }
}
