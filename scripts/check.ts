import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/* `npm run check`: everything that can be said about the code without running the product. */

const root = join(import.meta.dirname, '..')
const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint and format', 'biome', 'check', '--error-on-warnings', '.'],
  ['import rules', 'vitest', 'run', 'test/architecture'],
  ['generated files', 'node', 'scripts/generate.ts', '--check'],
]

const failed: string[] = []
for (const [name, command, ...args] of steps) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`)
  if (status === 0) continue
  failed.push(name)
  console.log(`${stdout}${stderr}`)
}
if (failed.length > 0) process.exitCode = 1
