import type { Loop } from '../relay/overload.ts'

/** Node's own event loop. Its timers keep no process alive; ends of turns come while it runs anyway. */
export const systemLoop: Loop = {
  now: () => performance.now(),
  after: (ms, callback) => void setTimeout(callback, ms).unref(),
  endOfTurn: callback => void setImmediate(callback),
}
