import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate } from '../../support/certificate.ts'

/** One request as it came in whole. */
export interface Arrival {
  readonly socket: Socket
  /** On its connection, from 1. */
  readonly nth: number
  readonly method: string
  readonly path: string
  readonly body: string
}

export interface ByRequest {
  readonly port: number
  readonly url: string
  readonly arrivals: readonly Arrival[]
  readonly sockets: ReadonlySet<Socket>
  readonly connections: () => number
  /** How often a path arrived. */
  count(path: string): number
  close(): Promise<void>
}

/** A server that does to each request, and to its connection, what the script says. */
export const startByRequest = async (
  script: (arrival: Arrival) => void,
  certificate?: Certificate,
): Promise<ByRequest> => {
  const arrivals: Arrival[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const serve = (socket: Socket): void => {
    connections++
    sockets.add(socket)
    let nth = 0
    let received = ''
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      for (let end = endOf(received); end > 0; end = endOf(received)) {
        const message = received.slice(0, end)
        received = received.slice(end)
        const [method = '', path = ''] = message.split(' ', 2)
        const body = message.slice(message.indexOf('\r\n\r\n') + 4)
        const arrival = { socket, nth: ++nth, method, path, body }
        arrivals.push(arrival)
        script(arrival)
      }
    })
  }
  const server: Server = certificate ? createTlsServer({ ...certificate }, serve) : createServer(serve)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    arrivals,
    sockets,
    connections: () => connections,
    count: path => arrivals.filter(arrival => arrival.path === path).length,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Ends of whole messages; 0 = there is more to come. */
const endOf = (received: string): number => {
  const head = received.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, head))?.[1] ?? '0'
  const end = head + 4 + Number(length)
  return received.length >= end ? end : 0
}

export const answer = ({ socket, path }: Arrival, headers = ''): void => {
  socket.write(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${path.length}\r\n\r\n${path}`)
}
