import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { loopback } from '../process/ports.ts'

/** A route of which every version can be told from its answers: its upstream says what it was asked for. */
export const versionedSpec = (path: string, upstream: string, version: number) => ({
  matches: [{ path: { value: path } }],
  upstreams: [{ name: 'only', url: `${upstream}/version/${version}` }],
})

export interface PathEcho {
  readonly url: string
  close(): void
}

/** An upstream that answers with the path it was asked for. */
export const startPathEcho = async (): Promise<PathEcho> => {
  const server = createServer((asked, response) => response.end(asked.url)).listen(0, loopback)
  await once(server, 'listening')
  return {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const askEveryMs = 1

/**
 * Sends one request after another over one connection until one is answered by this version; the moment its
 * answer had come, on the clock of `performance.now()`.
 *
 * @throws Error when none is within `withinMs`, or when a request fails
 */
export const firstAnswerOf = async (
  version: number,
  { port, path, withinMs }: { readonly port: number; readonly path: string; readonly withinMs: number },
): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    for (const until = performance.now() + withinMs; performance.now() < until; await pause(askEveryMs)) {
      const body = await get(agent, port, path)
      if (body.startsWith(`/version/${version}`)) return performance.now()
    }
    throw new Error(`version ${version} was not served within ${withinMs} ms`)
  } finally {
    agent.destroy()
  }
}

const get = (agent: Agent, port: number, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ agent, host: loopback, port, path }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${response.statusCode} ${text}`))
      })
    })
    asked.on('error', reject)
    asked.end()
  })
