import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100
const pageSize = Number(spawnSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }).stdout) || 4096

/** CPU time used so far by a process and all its descendants: the kernel's utime + stime, in µs. */
export function cpuMicros(pid: number): number {
  return (sumOverTree(pid, fields => Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6
}

/** Resident memory of a process and all its descendants, in MiB. */
export function rssMiB(pid: number): number {
  return (sumOverTree(pid, fields => Number(fields[21])) * pageSize) / 2 ** 20
}

function sumOverTree(pid: number, pick: (fields: readonly string[]) => number): number {
  const fields = statFields(pid)
  if (!fields) return 0
  return childrenOf(pid).reduce((sum, child) => sum + sumOverTree(child, pick), pick(fields))
}

/** The fields of /proc/PID/stat after the command name, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap(task =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return []
  }
}
