import { createServer } from 'node:net'

export const loopback = '127.0.0.1'

// Below the range from which the kernel takes the ports of outgoing connections: those come and go by the
// thousand here, and one of them may take a port between our finding it free and its owner listening.
const first = 15_000
const last = 31_999
let next = first + Math.floor(Math.random() * (last - first))

/** Ports nobody listens on at this moment, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let tries = 0; ports.length < count && tries < 1000; tries += 1) {
    next = next < last ? next + 1 : first
    if (await isFree(next)) ports.push(next)
  }
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, loopback, () => server.close(() => resolve(true)))
  })
}
