import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { headerValue } from '../relay/header-value.ts'
import type { CallerAnswer } from './record.ts'
import { roundMs } from './round-ms.ts'
import { tryHeader } from './try-header.ts'

/** What is sent to the relay, the same each time. */
export interface SimulatedRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly host: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | undefined
}

/** An application that calls the relay. */
export interface Caller {
  /** Sends request `number`; never rejects: what goes wrong is an answer of status 0, or an incomplete one. */
  send(number: number): Promise<CallerAnswer>
  /** Hangs up on every request under way. */
  close(): void
}

/** Longer than a route is likely to wait: an application has a patience as well. */
const patienceMs = 120_000

const maxBodyBytes = 64 * 1024

/** Calls the relay at `port` of 127.0.0.1 over connections that are kept. */
export const createCaller = (port: number, request: SimulatedRequest): Caller => {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const body = Buffer.from(request.body ?? '')
  const fixed = [
    ...['Host', request.host],
    ...request.headers.filter(([name]) => !isFraming(name)).flat(),
    ...(body.length > 0 || needsLength(request.method) ? ['Content-Length', String(body.length)] : []),
  ]
  const { method, path } = request
  return {
    send: number =>
      new Promise(resolve => {
        const startedAt = performance.now()
        const end = (answer: Pick<CallerAnswer, 'complete' | 'body'>, response?: IncomingMessage): void => {
          clearTimeout(timer)
          resolve({
            ...readAnswer(response, answer.complete),
            ...answer,
            atMs: roundMs(performance.now() - startedAt),
          })
        }
        const headers = [...fixed, tryHeader, String(number)]
        const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent, setHost: false })
        sent.once('response', response => {
          const chunks: Buffer[] = []
          let bytes = 0
          response.on('error', ignore).on('data', (chunk: Buffer) => {
            if (bytes < maxBodyBytes) chunks.push(chunk)
            bytes += chunk.length
          })
          response.once('close', () =>
            end({ complete: response.complete, body: Buffer.concat(chunks).toString() }, response),
          )
        })
        // After a response its own `close` tells.
        sent.once('error', () => end({ complete: false, body: '' }))
        const timer = setTimeout(() => sent.destroy(new Error('out of patience')), patienceMs)
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}

const readAnswer = (
  response: IncomingMessage | undefined,
  complete: boolean,
): Pick<CallerAnswer, 'status' | 'outcome' | 'headers'> => {
  const headers = response?.rawHeaders ?? []
  const told = outcomes[headerValue(headers, 'x-fanout-status') ?? '']
  return {
    status: response?.statusCode ?? 0,
    // An answer that was cut is of no use, whatever its head promised.
    outcome: complete ? (told ?? 'rejected') : 'failed',
    headers,
  }
}

const outcomes: Readonly<Record<string, CallerAnswer['outcome']>> = {
  success: 'success',
  partial_success: 'partial',
  failed: 'failed',
}

/** How the body is framed is decided here; the host is given apart. */
const isFraming = (name: string): boolean => /^(host|content-length|transfer-encoding)$/i.test(name)

const needsLength = (method: string): boolean => /^(POST|PUT|PATCH)$/.test(method)

const ignore = (): void => {}
