import { Agent, get } from 'node:http'
import type { Relay } from './relays.ts'

/** Asks a relay which generations it serves. @throws when it does not say */
export type AskRelay = (relay: Relay) => Promise<ReadonlyMap<string, number>>

export interface AskOptions {
  /** For the whole answer. Default 2 s. */
  readonly deadlineMs?: number
}

/** Longest answer: 1000 routes have some 60 KiB. */
const maxBytes = 1024 * 1024

/**
 * Asks over HTTP. Pods belong to their tenants, so an answer is bounded in time and size, no redirect is followed,
 * and a relay is believed about routes of its own namespace only.
 */
export const createAskRelay = ({
  deadlineMs = 2_000,
}: AskOptions = {}): {
  readonly ask: AskRelay
  close(): void
} => {
  // Relays are asked every few seconds; a connection kept open would be one for each relay of the cluster.
  const agent = new Agent({ keepAlive: false })
  return {
    ask: async relay => generationsIn(await fetchText(relay, agent, deadlineMs), relay.namespace),
    close: () => agent.destroy(),
  }
}

const fetchText = ({ ip, port }: Relay, agent: Agent, deadlineMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = get(
      { host: ip, port, path: '/routes', agent, headers: { accept: 'application/json' } },
      answer => {
        if (answer.statusCode !== 200) {
          outgoing.destroy()
          return reject(new Error(`status ${answer.statusCode}`))
        }
        const chunks: Buffer[] = []
        let length = 0
        answer.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > maxBytes) return outgoing.destroy(new Error(`more than ${maxBytes} bytes`))
          chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on('aborted', () => reject(new Error('cut short')))
        answer.on('end', () => resolve(Buffer.concat(chunks).toString()))
      },
    )
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer in ${deadlineMs} ms`)), deadlineMs)
    outgoing.on('error', reject)
    outgoing.on('close', () => {
      clearTimeout(timer)
      reject(new Error('closed'))
    })
  })

const generationsIn = (text: string, namespace: string): ReadonlyMap<string, number> => {
  const { routes } = (JSON.parse(text) ?? {}) as { readonly routes?: unknown }
  if (typeof routes !== 'object' || routes === null) throw new Error('no routes in the answer')
  const own = Object.entries(routes).filter(
    ([id, generation]) => id.startsWith(`${namespace}/`) && Number.isSafeInteger(generation),
  )
  return new Map(own as [string, number][])
}
