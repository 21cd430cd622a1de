import type { ServerResponse } from 'node:http'
import { eventually } from '../../support/eventually.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

/** Answers each request with the next status of its list, the last for ever; `held` answers when it is told to. */
export interface ScriptedUpstream extends Upstream {
  /** Statuses to come. */
  script(...statuses: readonly (number | 'held')[]): void
  /** Answers the oldest request that is held; waits until there is one. */
  release(status?: number): Promise<void>
}

export const startScriptedUpstream = async (): Promise<ScriptedUpstream> => {
  const held: ServerResponse[] = []
  let statuses: (number | 'held')[] = [200]
  const upstream = await startUpstream((_received, response) => {
    const status = statuses.length > 1 ? statuses.shift()! : statuses[0]!
    if (status === 'held') held.push(response)
    else response.writeHead(status, { 'content-type': 'text/plain' }).end(`status ${status}`)
  })
  return {
    ...upstream,
    script: (...next) => {
      statuses = [...next]
    },
    release: (status = 200) =>
      eventually(() => {
        const response = held.shift()
        if (!response) throw new Error('no request is held')
        response.writeHead(status).end('released')
      }),
  }
}
