import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { eventually } from './eventually.ts'
import { freePorts } from './free-ports.ts'

/** A request as an upstream received it. */
export interface Received {
  readonly method: string
  readonly url: string
  /** Names and values alternating, as they came. */
  readonly rawHeaders: readonly string[]
  readonly header: (name: string) => string | undefined
  readonly body: Buffer
}

export interface Upstream {
  readonly port: number
  readonly url: string
  /** Complete requests so far. */
  readonly received: Received[]
  readonly openSockets: () => number
  readonly connections: () => number
  close(): Promise<void>
}

type Answer = (received: Received, response: ServerResponse, request: IncomingMessage) => void

/** A real HTTP server on loopback that remembers what it got. */
export const startUpstream = async (answer: Answer = ok): Promise<Upstream> => {
  const received: Received[] = []
  return listen(received, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      const entry: Received = {
        method: request.method ?? '',
        url: request.url ?? '',
        rawHeaders: request.rawHeaders,
        header: name => {
          const value = request.headers[name]
          return Array.isArray(value) ? value.join(', ') : value
        },
        body: Buffer.concat(chunks),
      }
      received.push(entry)
      answer(entry, response, request)
    })
  })
}

/** As `startUpstream`, but the handler gets the request before its body has been read. */
export const startStreamingUpstream = (handler: RequestListener): Promise<Upstream> => listen([], handler)

const ok: Answer = (_received, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end('{"ok":true}')
}

const listen = async (received: Received[], handler: RequestListener): Promise<Upstream> => {
  const server = createServer({ keepAliveTimeout: 30_000 }, handler)
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', socket => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    openSockets: () => sockets.size,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** An upstream whose requests a test answers one by one. */
export const startHeldUpstream = async () => {
  const held: ServerResponse[] = []
  const upstream = await startUpstream((_received, response) => held.push(response))
  /** The response of the oldest request that was not taken yet; waits for one. */
  const next = (): Promise<ServerResponse> =>
    eventually(() => held.shift() ?? Promise.reject(new Error('no request yet')))
  return { ...upstream, next }
}

export interface RawUpstream {
  readonly port: number
  readonly url: string
  /** Bytes received on each connection, in order of arrival of the connections. */
  readonly received: string[]
  readonly openSockets: () => number
  close(): Promise<void>
}

/** A TCP server that says exactly what the script says: for answers that no HTTP server would give. */
export const startRawUpstream = async (
  script: (socket: Socket, received: string) => void,
): Promise<RawUpstream> => {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const server = createTcpServer(socket => {
    const index = received.push('') - 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', chunk => {
      received[index] += chunk.toString('latin1')
      script(socket, received[index]!)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    openSockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A loopback port on which nobody listens. */
export const unusedPort = async (): Promise<number> => {
  const [port] = await freePorts(1)
  return port!
}
