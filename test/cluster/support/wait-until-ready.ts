import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from './workspace.ts'

/** Asks again until `probe` stops throwing. A server that ends, or takes too long, is an error with its last words. */
export const waitUntilReady = async (
  server: Server,
  probe: () => Promise<unknown>,
  withinMs: number,
): Promise<void> => {
  const until = performance.now() + withinMs
  for (;;) {
    if (server.hasExited()) throw new Error(`ended before it was ready:\n${server.log()}`)
    try {
      await probe()
      return
    } catch (cause) {
      if (performance.now() > until)
        throw new Error(`not ready within ${withinMs} ms:\n${server.log()}`, { cause })
    }
    await sleep(25)
  }
}
