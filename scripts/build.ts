import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/*
 * One minified file: half the memory and a third of the start-up time of the same code from node_modules.
 * Packages that are CommonJS ask for `require`, which an ES module has to be given.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

const revision = (): string => {
  if (process.env.FANOUT_REVISION) return process.env.FANOUT_REVISION
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, stdio: 'pipe' })
      .toString()
      .trim()
  } catch {
    return 'unknown'
  }
}

rmSync(`${root}dist`, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/fanout-relay.mjs',
  bundle: true,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  define: { FANOUT_REVISION: JSON.stringify(revision()) },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
})
chmodSync(`${root}dist/fanout-relay.mjs`, 0o755)
