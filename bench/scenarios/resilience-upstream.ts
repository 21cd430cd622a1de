import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loopback } from '../process/ports.ts'

/** An upstream in this process, so that what it does can be changed and what reached it is known at once. */
export interface LocalUpstream {
  readonly url: string
  /** When each request came, on the clock of `performance.now()`. */
  readonly arrivals: number[]
  /** Requests that have no answer yet. */
  readonly held: ServerResponse[]
  behave: Behave
  stop(): Promise<void>
}

export type Behave = (response: ServerResponse, request: IncomingMessage, held: ServerResponse[]) => void

export const behaviours = {
  well: response => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
  },
  failing: response => {
    response.writeHead(503).end()
  },
  reset: response => {
    response.destroy()
  },
  hung: (response, _request, held) => {
    held.push(response)
  },
} as const satisfies Readonly<Record<string, Behave>>

export async function startLocal(behave: Behave): Promise<LocalUpstream> {
  const arrivals: number[] = []
  const held: ServerResponse[] = []
  const server = createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, (request, response) => {
    arrivals.push(performance.now())
    request.resume().on('end', () => upstream.behave(response, request, held))
  })
  server.listen({ host: loopback, port: 0, backlog: 4096 })
  await once(server, 'listening')
  const upstream: LocalUpstream = {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}`,
    arrivals,
    held,
    behave,
    stop: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return upstream
}
