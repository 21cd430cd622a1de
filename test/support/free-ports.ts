import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * Where systems take ports of outgoing connections from begins above this. A port from there can be somebody's before
 * its server listens, or while that is restarted: even of the client that tries to reach it.
 */
const [from, to] = [20_000, 32_000] as const
const tries = 100

/** Ports of 127.0.0.1 that nobody listens on at this moment, all different. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers: Server[] = []
  const ports: number[] = []
  for (let left = count + tries; ports.length < count; left--) {
    if (left === 0) throw new Error(`no ${count} free ports from ${from} to ${to}`)
    const port = randomInt(from, to)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    servers.push(server)
    ports.push(port)
  }
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}
