import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Behaviour, behaviourOf, type LegScript } from './script.ts'
import { answeredByHeader, parseTryName, type TryName, tryHeader } from './try-header.ts'

export interface ScriptedLegOptions {
  readonly name: string
  readonly script: LegScript
  readonly seed: number
  /** Milliseconds since the simulation began. */
  readonly elapsedMs: () => number
  readonly onArrival: (leg: string, name: TryName) => void
}

/** A server on loopback that stands in for an upstream. */
export interface ScriptedLeg {
  /** `http://127.0.0.1:41234` */
  readonly origin: string
  close(): Promise<void>
}

/** Resolves once it listens, or, for a leg that refuses connections, once nobody can. */
export const startScriptedLeg = (options: ScriptedLegOptions): Promise<ScriptedLeg> => {
  const isRefused = options.script.failures.some(({ what }) => what.kind === 'refused')
  return isRefused ? refusingLeg() : answeringLeg(options)
}

const answeringLeg = async ({
  name,
  script,
  seed,
  elapsedMs,
  onArrival,
}: ScriptedLegOptions): Promise<ScriptedLeg> => {
  let earlier = 0
  const server = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    const tried = parseTryName(request.headers[tryHeader] as string | undefined) ?? { request: 0, number: 0 }
    onArrival(name, tried)
    const arrival = {
      name: `${name}/${tried.request}.${tried.number}`,
      earlier: earlier++,
      atMs: elapsedMs(),
    }
    const behaviour = behaviourOf(script, seed, arrival)
    // A body that is read to its end first is one that no answer overtakes.
    request.on('error', ignore).resume()
    request.once('end', () => act(behaviour, request, response, `${name} ${tried.number}`))
  })
  const sockets = trackSockets(server)
  const { port } = await listening(server)
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const act = (
  { delayMs, failure }: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
  by: string,
): void => {
  if (failure?.kind === 'hang') return
  const timer = setTimeout(() => {
    if (failure?.kind === 'reset') request.socket.resetAndDestroy()
    else answer(response, failure?.kind === 'status' ? failure.status : 200, by)
  }, delayMs)
  response.once('close', () => clearTimeout(timer))
}

const answer = (response: ServerResponse, status: number, by: string): void => {
  const [leg, number] = by.split(' ')
  // Under the leg's name, so that a merge of several shows each.
  const body = JSON.stringify({ [leg!]: { simulated: true, try: Number(number) } })
  const hasBody = status !== 204 && status !== 304
  response.writeHead(status, {
    [answeredByHeader]: by,
    ...(hasBody && { 'Content-Type': 'application/json', 'Content-Length': body.length }),
  })
  response.end(hasBody ? body : undefined)
}

/**
 * An address that refuses connections for sure: the port is that of a connection of our own, so nobody else
 * can begin to listen on it.
 */
const refusingLeg = async (): Promise<ScriptedLeg> => {
  const server = createServer()
  const sockets = trackSockets(server)
  const { port } = await listening(server)
  const holder = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => holder.once('connect', resolve).once('error', reject))
  return {
    origin: `http://127.0.0.1:${holder.localPort}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      holder.destroy()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const listening = (server: Server): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo))
  })

const trackSockets = (server: Server): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', ignore).on('close', () => sockets.delete(socket))
  })
  return sockets
}

const ignore = (): void => {}
