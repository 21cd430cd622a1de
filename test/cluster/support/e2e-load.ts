import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** Posts without end on a few connections that are kept open. */
export interface Load {
  readonly answered: number
  /** When an answer that `isIt` first came in whole, by performance.now(); looks at those from now on. */
  firstAnswer(isIt: (answer: LoadAnswer) => boolean, withinMs?: number): Promise<number>
  /** Every request that got no answer, or one that `isGood` does not hold for: at most the first 20. */
  readonly failures: readonly string[]
  stop(): Promise<void>
}

export interface LoadAnswer {
  readonly status: number
  readonly body: string
}

export interface LoadOptions {
  readonly url: string
  readonly isGood: (answer: LoadAnswer) => boolean
  readonly connections: number
  /** On each connection a request is due so often; one that is late is sent at once. */
  readonly everyMs: number
}

const keptFailures = 20

export const startLoad = ({ url, isGood, connections, everyMs }: LoadOptions): Load => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const watchers = new Set<(answer: LoadAnswer) => void>()
  const failures: string[] = []
  let answered = 0
  let stopped = false
  const fail = (text: string): void => {
    if (failures.length < keptFailures) failures.push(`${new Date().toISOString()} ${text}`)
  }
  const once = async (): Promise<void> => {
    try {
      const answer = await post(url, agent)
      answered++
      if (!isGood(answer)) fail(`${answer.status} ${answer.body}`)
      for (const watch of watchers) watch(answer)
    } catch (error) {
      fail(String(error))
    }
  }
  const loop = async (): Promise<void> => {
    for (let due = performance.now(); !stopped; due += everyMs) {
      const early = due - performance.now()
      if (early > 0) await pause(early)
      await once()
    }
  }
  const running = Array.from({ length: connections }, loop)
  return {
    get answered() {
      return answered
    },
    failures,
    firstAnswer: (isIt, withinMs = 60_000) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          watchers.delete(watch)
          reject(new Error(`no such answer within ${withinMs} ms; the last: ${last}; failures: ${failures}`))
        }, withinMs)
        let last = 'none'
        const watch = (answer: LoadAnswer): void => {
          last = `${answer.status} ${answer.body}`
          if (!isIt(answer)) return
          clearTimeout(late)
          watchers.delete(watch)
          resolve(performance.now())
        }
        watchers.add(watch)
      }),
    stop: async () => {
      stopped = true
      await Promise.all(running)
      agent.destroy()
    },
  }
}

const post = (url: string, agent: Agent): Promise<LoadAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, timeout: 30_000 }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in 30 s')))
    sent.on('error', reject)
    sent.end('{"order_id": "A-17"}')
  })
