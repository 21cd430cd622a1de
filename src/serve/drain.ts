import type { Server } from 'node:http'
import type { Logger } from '../core/logger.ts'

interface DrainParts {
  /** Data servers: they go on taking requests for the delay. */
  readonly servers: readonly Server[]
  /** Requests and legs under way, late ones and copies included. */
  readonly busy: () => number
  readonly delayMs: number
  /** From the signal to giving up, the delay included. */
  readonly timeoutMs: number
  readonly logger: Logger
}

/** Resolves to whether everything under way could finish. */
export const drain = async ({ servers, busy, delayMs, timeoutMs, logger }: DrainParts): Promise<boolean> => {
  const until = performance.now() + timeoutMs
  logger.info({ delayMs, timeoutMs, busy: busy() }, 'draining')
  await sleep(Math.min(delayMs, timeoutMs))
  for (const server of servers) server.close()
  while (busy() > 0 && performance.now() < until) await sleep(pollMs)
  const left = busy()
  for (const server of servers) server.closeAllConnections()
  if (left > 0) logger.error({ aborted: left }, 'gave up on requests that did not end in time')
  return left === 0
}

const pollMs = 10
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
