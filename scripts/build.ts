import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/*
 * One minified file takes half the memory and a third of the start of the same code from node_modules.
 * It is CommonJS: an ES module that imports node:http makes Node look at all that node:http exports, its
 * WebSocket included, which loads a second undici and takes 40 ms.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

const revision = (): string => {
  if (process.env['FANOUT_REVISION']) return process.env['FANOUT_REVISION']
  try {
    const command = ['rev-parse', '--short=12', 'HEAD']
    return execFileSync('git', command, { cwd: root, stdio: 'pipe' }).toString().trim()
  } catch {
    return 'unknown'
  }
}

/** Large packages that few starts need, each in a file of its own: what is in the main file is in memory always. */
const apart: Readonly<Record<string, string>> = {
  '@kubernetes/client-node': 'client-node.cjs',
  '@peculiar/x509': 'x509.cjs',
  '@redis/client': 'redis.cjs',
}

const common = {
  absWorkingDir: root,
  bundle: true,
  // Names stay, so that stacks in logs can be read. `keepNames` would call a helper for every closure made.
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  define: { FANOUT_REVISION: JSON.stringify(revision()), 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  legalComments: 'linked',
  logLevel: 'warning',
  // As require, which sees the names that a CommonJS file exports.
  supported: { 'dynamic-import': false },
} as const satisfies BuildOptions

const keepApart: Plugin = {
  name: 'keep-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^@/ }, ({ path }) =>
      apart[path] === undefined ? undefined : { path: `./${apart[path]}`, external: true },
    ),
}

rmSync(`${root}dist`, { recursive: true, force: true })
await Promise.all([
  build({
    ...common,
    entryPoints: ['src/main.ts'],
    outfile: 'dist/relay.cjs',
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [keepApart],
  }),
  ...Object.entries(apart).map(([name, file]) =>
    build({
      ...common,
      stdin: { contents: `module.exports = require('${name}')`, resolveDir: root },
      outfile: `dist/${file}`,
    }),
  ),
])

/** V8 keeps what it compiled for the next start; NODE_COMPILE_CACHE says where, by default below the temp directory. */
writeFileSync(
  `${root}dist/fanout-relay.cjs`,
  `'use strict'
const { enableCompileCache, flushCompileCache } = require('node:module')
enableCompileCache()
require('./relay.cjs')
// Kept even when the process is killed later; a cache that is there already is not written again.
setTimeout(flushCompileCache, 1000).unref()
`,
)
