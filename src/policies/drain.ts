import type { UpstreamResponse } from '../core/call.ts'
import type { CancelTimer, Clock } from '../core/clock.ts'
import { relayError } from '../core/errors.ts'

/** A new connection costs about as much as reading this. */
const drainLimitBytes = 64 * 1024
const drainLimitMs = 1000

/**
 * Reads an answer that nobody needs, so that its connection can be used again: up to 64 KiB and for up to a
 * second, then it is cut. The bound on time is needed because such an answer is no longer what the leg's
 * deadline stops.
 */
export const drain = (response: UpstreamResponse, clock: Clock): void => {
  let ended = false
  let stopTimer: CancelTimer | undefined
  response.onEnd(() => {
    ended = true
    stopTimer?.()
  })
  response.discard(drainLimitBytes)
  if (ended) return
  stopTimer = clock.after(drainLimitMs, () =>
    response.cancel(relayError('client_cancelled', 'the rest of an answer that was not needed did not come')),
  )
}
