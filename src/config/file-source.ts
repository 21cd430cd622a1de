import type { RouteSource } from '../api/snapshot.ts'
import { assemble } from './assemble.ts'
import { FileSet } from './file-set.ts'
import { WakeUp } from './wake-up.ts'
import { DirectoryWatches } from './watch.ts'

export interface FileSourceOptions {
  /** Files and directories, as the user gave them: relative ones stay so in problems. */
  readonly paths: readonly string[]
  /** Longest time after which a change is seen that the system did not announce, in milliseconds. */
  readonly pollMs?: number
  /** How long changes must have paused before the files are read, in milliseconds. */
  readonly settleMs?: number
}

/** Looking at very many files takes time: while nothing changes, no more than this share of all time. */
const maxShare = 0.05

/**
 * Routes from files, followed as they are edited: in place, by renaming, by the link swap of a ConfigMap.
 * Changes the system announces are seen at once; the poll finds the others (network mounts, links to
 * elsewhere). Publishes once at the start, and then only when something changed.
 */
export const fileSource = ({ paths, pollMs = 500, settleMs = 50 }: FileSourceOptions): RouteSource => ({
  async run(publish, signal) {
    const files = new FileSet(paths)
    const wakeUp = new WakeUp()
    const watches = new DirectoryWatches(() => wakeUp.change())
    try {
      while (!signal.aborted) {
        const start = performance.now()
        const { contents, problems, directories, changed } = await files.scan()
        if (signal.aborted) return
        watches.update(directories)
        if (changed) publish(assemble(contents, problems, paths))
        const idleMs = changed ? 0 : performance.now() - start
        await wakeUp.wait({ settleMs, pollMs: Math.max(pollMs, idleMs / maxShare) }, signal)
      }
    } finally {
      watches.close()
    }
  },
})
