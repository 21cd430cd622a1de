import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface Answered {
  readonly status: number
  readonly body: string
  /** The request went out on a connection that had served one before. */
  readonly reused: boolean
  /** From the moment it was sent to the last byte of the answer. */
  readonly ms: number
}

/** Sends one request after another on one connection until it is stopped. */
export interface Client {
  readonly answers: Answered[]
  /** Errors of the connection: what a caller sees as a failed request. */
  readonly errors: Error[]
  stop(): Promise<void>
}

export interface ClientOptions {
  readonly port: number
  readonly path: string
  readonly body: string
  /** A request is due so often; one that is late is sent at once. Defaults to 0: as soon as there is an answer. */
  readonly everyMs?: number
}

export const startClient = ({ everyMs = 0, ...to }: ClientOptions): Client => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const answers: Answered[] = []
  const errors: Error[] = []
  let stopped = false
  const loop = async (): Promise<void> => {
    for (let due = performance.now(); !stopped; due += everyMs) {
      const early = due - performance.now()
      if (early > 0) await pause(early)
      const answer = await post(agent, to).catch((error: Error) => error)
      if (answer instanceof Error) errors.push(answer)
      else answers.push(answer)
    }
  }
  const running = loop()
  return {
    answers,
    errors,
    stop: async () => {
      stopped = true
      await running
      agent.destroy()
    },
  }
}

const post = (agent: Agent, { body, ...to }: Omit<ClientOptions, 'everyMs'>): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const sentAt = performance.now()
    const sent = request({ agent, host: '127.0.0.1', method: 'POST', ...to }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: text,
          reused: sent.reusedSocket,
          ms: performance.now() - sentAt,
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
