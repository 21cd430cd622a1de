import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'

/** What a cluster's network does for the API server when it calls a webhook: it leads from a Service to a program. */
export interface ServiceProxy {
  /** Sends what is for a Service, on any of its ports, to a port of 127.0.0.1. */
  expose(namespace: string, name: string, localPort: number): void
  close(): void
}

/** `namespace/name` of the Service with that cluster address. */
export type FindService = (clusterIp: string) => Promise<string | undefined>

/** Listens for HTTP CONNECT, which the API server's egress selector speaks, on a Unix socket. */
export const startServiceProxy = (socketPath: string, findService: FindService): ServiceProxy => {
  const ports = new Map<string, number>()
  const sockets = new Set<Socket>()
  const tunnel = async (address: string, caller: Socket): Promise<void> => {
    const service = await findService(address.replace(/:\d+$/, ''))
    const port = service && ports.get(service)
    if (!port) {
      caller.end(`HTTP/1.1 502 Bad Gateway\r\n\r\nnothing is exposed as ${service ?? address}`)
      return
    }
    const target = connect(port, '127.0.0.1', () => {
      caller.write('HTTP/1.1 200 Connection established\r\n\r\n')
      caller.pipe(target).pipe(caller)
    })
    target.on('error', () => caller.destroy())
    caller.on('error', () => target.destroy())
    caller.on('close', () => target.destroy())
  }
  const server = createServer()
  server.on('connect', (request, caller: Socket) => {
    sockets.add(caller)
    caller.on('close', () => sockets.delete(caller))
    tunnel(request.url ?? '', caller).catch(error => caller.destroy(error))
  })
  server.listen(socketPath)
  server.unref()
  return {
    expose: (namespace, name, localPort) => void ports.set(`${namespace}/${name}`, localPort),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
