import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../peers/cache.ts'
import { npmPeers } from '../peers/versions.ts'
import type { Candidate } from './candidate.ts'
import { envoy } from './envoy.ts'
import { nginx } from './nginx.ts'
import { nodeProgram } from './node-program.ts'
import { relay } from './relay.ts'

const everyMode = ['shadow', 'aggregate', 'single'] as const
const undici = `undici ${versionIn(join(import.meta.dirname, '../../node_modules/undici'))}`
const hono = `hono ${versionIn(join(import.meta.dirname, '../../node_modules/hono'))} and the global fetch`

/** The same program twice, under two names: what lies between them is noise. */
export const floor = nodeProgram('floor', 'floor.ts', everyMode, `node:http and ${undici} dispatch`)
export const floorAgain: Candidate = { ...floor, name: 'floor-again' }
export const bareHttp = nodeProgram('bare node:http', 'bare-http.ts', everyMode, 'node:http')

export function allCandidates(): Candidate[] {
  return [
    relay(),
    floor,
    floorAgain,
    nginx,
    envoy,
    nodeProgram('hono-fetch', 'hono-fetch.ts', everyMode, hono),
    article(),
  ]
}

function article(): Candidate {
  const words = Object.entries(npmPeers).map(([name, version]) => `${name} ${version}`)
  const candidate = nodeProgram('article', 'article.ts', everyMode, words.join(', '))
  const installed = Object.entries(npmPeers).every(
    ([name, version]) => versionIn(join(cacheFolder(), 'npm', 'node_modules', name)) === version,
  )
  return installed ? candidate : { ...candidate, missing: `${words.join(' and ')} are not in the cache` }
}

function versionIn(folder: string): string | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
    : undefined
}
