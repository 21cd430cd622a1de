import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Passes connections on to a port, and ends them when it is told: whoever comes after has to shake hands anew. */
export interface TcpRelay {
  readonly port: number
  /** Connections so far. */
  accepted(): number
  endConnections(): Promise<void>
  close(): void
}

export const startTcpRelay = async (to: number): Promise<TcpRelay> => {
  let accepted = 0
  const open = new Set<Socket>()
  const server = createServer(caller => {
    accepted += 1
    open.add(caller)
    const target = connect(to, '127.0.0.1')
    caller.pipe(target).pipe(caller)
    target.on('error', () => caller.destroy())
    caller.on('error', () => target.destroy())
    caller.on('close', () => {
      open.delete(caller)
      target.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    endConnections: async () => {
      await Promise.all([...open].map(socket => once(socket.end(), 'close')))
    },
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
