import { once } from 'node:events'
import { startChild } from '../process/child.ts'
import { type Cores, pinned } from '../process/cores.ts'
import type { Upstreams } from './upstreams.ts'

/**
 * How a scripted upstream behaves: at once, at once and counting, so many ms late, never, or reading so many
 * bytes a second.
 */
export type Behaviour = 'fast' | 'counting' | 'hung' | `late:${number}` | `reading:${number}`

/**
 * A process each: for bodies so large that reading them slowly in one server would be felt in the other.
 */
export async function startApart(cores: Cores, behaviours: readonly Behaviour[]): Promise<Upstreams> {
  const all = await Promise.all(behaviours.map(behaviour => startScripted(cores, [behaviour])))
  return {
    ports: all.flatMap(({ ports }) => ports),
    software: 'node',
    stop: async () => {
      await Promise.all(all.map(upstreams => upstreams.stop()))
    },
  }
}

/** One process with a server per behaviour, for upstreams that do what real ones do on a bad day. */
export async function startScripted(cores: Cores, behaviours: readonly Behaviour[]): Promise<Upstreams> {
  const program = new URL('./scripted-server.ts', import.meta.url).pathname
  const command = pinned(cores.surroundings, [process.execPath, program, JSON.stringify(behaviours)])
  const child = startChild(command, { ipc: true })
  const [ports] = (await Promise.race([
    once(child.process, 'message'),
    once(child.process, 'close').then(() => {
      throw new Error(`the scripted upstreams did not start: ${child.complaint()}`)
    }),
  ])) as [number[]]
  return { ports, software: 'node', stop: child.stop }
}
