/** Time as the relay sees it. Deadlines are instants of `now()`; tests bring a clock they can turn. */
export interface Clock {
  /** Monotonic milliseconds; jumps of the wall clock do not show. */
  now(): number
  /** Calls back once after `ms`; does not keep the process alive. */
  after(ms: number, callback: () => void): CancelTimer
}

/** What a system timer can wait for, 24.8 days: beyond it Node calls back at once. */
export const longestTimerMs = 2 ** 31 - 1

export type CancelTimer = () => void

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
