import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A small API that takes its time, and fails when the order says so. */
export interface DemoApi {
  readonly name: string
  /** On 127.0.0.1; 0 = any free one. */
  readonly port: number
  readonly delayMs: number
  /** A field of the JSON body; true makes the API answer 500. */
  readonly failField: string
  /** What it answers otherwise. */
  readonly reply: Readonly<Record<string, unknown>>
}

export const inventoryApi: DemoApi = {
  name: 'inventory',
  port: 9001,
  delayMs: 2000,
  failField: 'fail_inventory',
  reply: { deducted: true },
}

export const crmApi: DemoApi = {
  name: 'crm',
  port: 9002,
  delayMs: 1500,
  failField: 'fail_crm',
  reply: { logged: true },
}

export interface RunningApi {
  readonly url: string
  stop(): Promise<void>
}

/** Rejects with the error of `listen`, such as EADDRINUSE. */
export const startDemoApi = async (api: DemoApi): Promise<RunningApi> => {
  const server = createServer((request, response) => {
    // A caller that leaves in the middle of its request is none of the demo's business.
    answer(api, request, response).catch(() => response.destroy())
  })
  await listening(server, api.port)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, resolve)
  })

const answer = async (api: DemoApi, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const order = parse(await readText(request))
  await pause(api.delayMs)
  const fails = order[api.failField] === true
  const body = fails
    ? { error: `${api.name} is down, as the order asked` }
    : { order: order['order_id'], ...api.reply }
  response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const maxOrder = 64 * 1024

const readText = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) if (text.length < maxOrder) text += chunk
  return text
}

/** Whatever is no JSON object is an order without fields. */
const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
