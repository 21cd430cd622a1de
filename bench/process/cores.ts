import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Which cores a run uses: one for the candidate alone, one for everything that surrounds it. */
export interface Cores {
  readonly candidate: number | undefined
  readonly surroundings: number | undefined
  /** Why nothing is pinned, for the report; undefined when pinning works. */
  readonly unpinned: string | undefined
}

/** The first two cores this process may run on; without two of them (or taskset) nothing is pinned. */
export function chooseCores(): Cores {
  const none = (unpinned: string): Cores => ({ candidate: undefined, surroundings: undefined, unpinned })
  if (process.platform !== 'linux') return none('CPU pinning and /proc accounting need Linux')
  if (spawnSync('taskset', ['-V']).status !== 0) return none('taskset is not installed')
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  const [first, second] = expandList(allowed)
  if (first === undefined || second === undefined) return none('fewer than two cores are available')
  return { candidate: second, surroundings: first, unpinned: undefined }
}

/** The command line that starts `command` on `core` alone. */
export function pinned(core: number | undefined, command: readonly string[]): string[] {
  return core === undefined ? [...command] : ['taskset', '-c', String(core), ...command]
}

/** The runner reads clocks and writes reports; it is to do so away from the candidate's core. */
export function pinThisProcess({ surroundings }: Cores): void {
  if (surroundings === undefined) return
  spawnSync('taskset', ['-acp', String(surroundings), String(process.pid)])
}

function expandList(list: string): number[] {
  return list.split(',').flatMap(part => {
    const [from = 0, to = from] = part.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}
