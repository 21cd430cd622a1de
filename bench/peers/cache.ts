import { homedir } from 'node:os'
import { join } from 'node:path'

/** Peers live outside the tree: they are no part of the product and none of its dependencies. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fanout-relay', 'bench')
}
