import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { loopback } from '../process/ports.ts'

/** What a caller got. Status 0 = the connection ended without an answer. */
export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The problem document's `code`, or empty. */
  readonly code: string
  readonly ms: number
}

export interface Asked {
  readonly port: number
  readonly path: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 1024 })

export function askOnce({ port, path }: Asked): Promise<Answer> {
  const begin = performance.now()
  return new Promise(resolve => {
    const none = () => resolve({ status: 0, retryAfter: undefined, code: '', ms: performance.now() - begin })
    const sent = request({ host: loopback, port, path, agent }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      response.on('error', none)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          code: response.headers['content-type'] === 'application/problem+json' ? JSON.parse(text).code : '',
          ms: performance.now() - begin,
        }),
      )
    })
    sent.on('error', none)
    sent.end()
  })
}

export const askMany = (count: number, asked: Asked): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => askOnce(asked)))

/** So many requests a second for so long, whatever becomes of them; GET, which may be sent again. */
export async function askSteadily(
  asked: Asked,
  load: { readonly ratePerSecond: number; readonly durationMs: number },
): Promise<Answer[]> {
  const spacing = 1000 / load.ratePerSecond
  const total = Math.round(load.durationMs / spacing)
  const answers: Promise<Answer>[] = []
  const begin = performance.now()
  while (answers.length < total) {
    const due = Math.min(total, Math.floor((performance.now() - begin) / spacing) + 1)
    while (answers.length < due) answers.push(askOnce(asked))
    await sleep(1)
  }
  return Promise.all(answers)
}
