import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { ProgramJob } from '../candidates/job.ts'
import { cacheFolder } from '../peers/cache.ts'
import { startChild } from '../process/child.ts'
import { pinned } from '../process/cores.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer, listening } from '../process/ready.ts'
import type { Workspace } from '../process/workspace.ts'
import { type Candidate, type Mode, whenReady } from './candidate.ts'

const bundles = new Map<string, string>()

/** A candidate that is one Node program of ours, bundled as the relay is: type stripping would count as start-up. */
export function nodeProgram(name: string, file: string, modes: readonly Mode[], version: string): Candidate {
  return {
    name,
    modes,
    version,
    async start(job, { cores, workspace }) {
      const program = bundle(file, workspace)
      const [port = 0] = await freePorts(1)
      const told: ProgramJob = {
        port,
        mode: job.mode,
        primary: `http://${loopback}:${job.primary}`,
        secondary: `http://${loopback}:${job.secondary}`,
      }
      const command = pinned(cores.candidate, [process.execPath, program, JSON.stringify(told)])
      // Express only trims its error pages by it, but nobody runs it without.
      const launch = () => startChild(command, { env: { NODE_ENV: 'production' } })
      return whenReady(port, launch, child =>
        job.silentUpstreams ? listening(child, port) : firstGoodAnswer(child, port),
      )
    },
  }
}

function bundle(file: string, workspace: Workspace): string {
  const known = bundles.get(file)
  if (known) return known
  const outfile = join(workspace.path, file.replace(/\.ts$/, '.cjs'))
  buildSync({
    entryPoints: [join(import.meta.dirname, '../candidates', file)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    // CommonJS, because express and its dependencies `require` Node's modules.
    format: 'cjs',
    target: 'node24',
    logLevel: 'error',
    nodePaths: [join(cacheFolder(), 'npm', 'node_modules')],
  })
  bundles.set(file, outfile)
  return outfile
}
