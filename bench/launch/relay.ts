import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../process/child.ts'
import { pinned } from '../process/cores.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer } from '../process/ready.ts'
import { type Candidate, whenReady } from './candidate.ts'
import { routeFiles } from './relay-routes.ts'

const root = join(import.meta.dirname, '../..')
const bundle = join(root, 'dist/fanout-relay.cjs')

/** FanOut Relay as users run it: the built bundle, or the sources where it cannot be built. */
export function relay(): Candidate {
  const program = build()
  return {
    name: 'fanout-relay',
    modes: ['shadow', 'aggregate', 'single'],
    version: program.what,
    missing: program.command ? undefined : program.what,
    async start(job, { cores, workspace }) {
      const [port = 0, admin = 0, telemetry = 0] = await freePorts(3)
      const files = routeFiles(job).map(text => workspace.write('routes.yaml', text))
      const at = (chosen: number) => `${loopback}:${chosen}`
      const flags = ['--listen', at(port), '--admin', at(admin), '--telemetry', at(telemetry)]
      const command = pinned(cores.candidate, [...(program.command ?? []), 'run', ...files, ...flags])
      const startedAt = performance.now()
      let ownWordMs = 0
      const running = await whenReady(
        port,
        () => startChild(command),
        // Its own word comes first: with silent upstreams there is no other, and a wrong route shows at once.
        async child => {
          const ready = await firstGoodAnswer(child, telemetry, { path: '/readyz' })
          ownWordMs = ready - startedAt
          if (job.silentUpstreams) return ready
          return firstGoodAnswer(child, port, { path: job.routes?.[0]?.value ?? '/' })
        },
      )
      return { ...running, ownWordMs, telemetryPort: telemetry }
    },
  }
}

function build(): { readonly command?: readonly string[]; readonly what: string } {
  const built = spawnSync('npm', ['run', 'build', '--silent'], { cwd: root, encoding: 'utf8' })
  if (built.status === 0 && existsSync(bundle)) return { command: [process.execPath, bundle], what: 'bundle' }
  const reason = `\`npm run build\` failed: ${firstError(built.stderr)}`
  if (!existsSync(join(root, 'src/main.ts'))) return { what: reason }
  // Running from sources strips types and loads hundreds of files: its start and memory are not the product's.
  return {
    command: [join(root, 'bin/fanout-relay')],
    what: `SOURCES, NOT THE BUNDLE: ${reason}`,
  }
}

function firstError(text: string): string {
  return (
    text
      .split('\n')
      .find(line => /error/i.test(line))
      ?.trim() ?? 'it gave no reason'
  )
}
