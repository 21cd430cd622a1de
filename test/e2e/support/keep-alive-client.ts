import { Agent, request } from 'node:http'

export interface Answered {
  readonly status: number
  readonly body: string
  /** The request went out on a connection that had served one before. */
  readonly reused: boolean
}

/** Sends one request after another on one connection until it is stopped. */
export interface Client {
  readonly answers: Answered[]
  /** Errors of the connection: what a caller sees as a failed request. */
  readonly errors: Error[]
  stop(): Promise<void>
}

export const startClient = (port: number, path: string, body: string): Client => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const answers: Answered[] = []
  const errors: Error[] = []
  let stopped = false
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const answer = await post({ agent, port, path, body }).catch((error: Error) => error)
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

interface Post {
  readonly agent: Agent
  readonly port: number
  readonly path: string
  readonly body: string
}

const post = ({ body, ...to }: Post): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', method: 'POST', ...to }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text, reused: sent.reusedSocket }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
