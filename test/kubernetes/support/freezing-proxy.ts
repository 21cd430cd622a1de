import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Forwards bytes until `freeze`: then connections stay open and nothing passes any more, and no FIN either. */
export interface FreezingProxy {
  readonly port: number
  /** Connections made so far. */
  readonly connections: () => number
  /** Freezes the connections there are; later ones work. */
  freeze(): void
  close(): Promise<void>
}

export const startFreezingProxy = async (target: number): Promise<FreezingProxy> => {
  const pairs = new Set<readonly [Socket, Socket]>()
  let connections = 0
  const server = createServer(inner => {
    connections += 1
    const outer = connect(target, '127.0.0.1')
    const pair = [inner, outer] as const
    pairs.add(pair)
    inner.pipe(outer)
    outer.pipe(inner)
    for (const socket of pair) socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    freeze: () => {
      for (const [inner, outer] of pairs) {
        inner.unpipe(outer)
        outer.unpipe(inner)
        // Read on, so that a close of the other side is not what is noticed.
        inner.resume()
        outer.resume()
      }
    },
    close: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
