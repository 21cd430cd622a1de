import type { Server } from 'node:http'
import type { Logger } from '../core/logger.ts'
import type { UnderWay } from './under-way.ts'

interface DrainParts {
  /** Data servers: they go on taking requests for the delay. */
  readonly servers: readonly Server[]
  readonly underWay: UnderWay
  /** Ends every leg that still runs. */
  readonly cut: () => Promise<void>
  readonly delayMs: number
  /** From the signal to giving up, the delay included. */
  readonly timeoutMs: number
  readonly logger: Logger
}

/** What copies get once nothing else is left: they are worth a moment, but nobody waits for them. */
const copyGraceMs = 5_000
/** For what was cut to come to its end in the books. */
const cutMs = 1_000

/** Resolves to whether everything that somebody waits for could finish; copies that could not are cut all the same. */
export const drain = async (parts: DrainParts): Promise<boolean> => {
  const { servers, underWay, cut, delayMs, timeoutMs, logger } = parts
  const giveUpAt = performance.now() + timeoutMs
  logger.info({ delayMs, timeoutMs, busy: underWay.exchanges }, 'draining')
  await sleep(Math.min(delayMs, timeoutMs))
  for (const server of servers) server.close()
  await ended(underWay, giveUpAt)
  const { callers: aborted, awaited: legs, copies } = underWay
  const clean = aborted === 0 && legs === 0
  if (!clean) logger.error({ aborted, legs, copies }, 'gave up on requests that did not end in time')
  else if (copies > 0) logger.warn({ copies }, 'cut off copies that did not end in time')
  for (const server of servers) server.closeAllConnections()
  // First the callers: the end of its legs is not to be answered to any of them.
  await until(() => underWay.callers === 0, cutMs)
  await cut()
  await until(() => underWay.exchanges === 0, cutMs)
  return clean
}

/** Waits until nothing is under way, or what is has had its time. */
const ended = async (underWay: UnderWay, giveUpAt: number): Promise<void> => {
  let onlyCopiesUntil = performance.now() + copyGraceMs
  for (let now = performance.now(); underWay.exchanges > 0 && now < giveUpAt; now = performance.now()) {
    if (underWay.callers > 0 || underWay.awaited > 0) onlyCopiesUntil = now + copyGraceMs
    else if (now >= onlyCopiesUntil) return
    await sleep(pollMs)
  }
}

const until = async (isSo: () => boolean, withinMs: number): Promise<void> => {
  const end = performance.now() + withinMs
  while (!isSo() && performance.now() < end) await sleep(pollMs)
}

const pollMs = 10
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
