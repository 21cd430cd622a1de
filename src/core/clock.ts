/** Time as the relay sees it. Deadlines are instants of `now()`; tests bring a clock they can turn. */
export interface Clock {
  /** Monotonic milliseconds; jumps of the wall clock do not show. */
  now(): number
  /** Calls back once after `ms`, as soon as can be for what is past; does not keep the process alive. */
  after(ms: number, callback: () => void): CancelTimer
}

/** What a system timer can wait for, 24.8 days: beyond it Node calls back at once. */
export const longestTimerMs = 2 ** 31 - 1

export type CancelTimer = () => void

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    // A deadline that has passed meanwhile; Node warns about negative waits.
    const timer = setTimeout(callback, Math.max(0, ms))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
