import { setTimeout as pause } from 'node:timers/promises'

/** A burst of changes is waited for no longer than this many times its pause. */
const maxRounds = 5

/** Waits for changes, which come in bursts: one save in an editor is several events. */
export class WakeUp {
  #changed = false
  #wake: () => void = () => {}

  /** Something changed. */
  change(): void {
    this.#changed = true
    this.#wake()
  }

  /**
   * Resolves once changes have paused for `settleMs`, or after `pollMs` without any, or when the signal
   * aborts. Changes since the last wait count.
   */
  async wait(
    times: { readonly settleMs: number; readonly pollMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#changed) await this.#sleep(times.pollMs, signal)
    for (let round = 0; this.#changed && round < maxRounds; round++) {
      this.#changed = false
      await pause(times.settleMs, undefined, { signal }).catch(() => {})
    }
  }

  /** Until a change, the time, or the signal. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#wake = resolve
    const stop = () => resolve()
    signal.addEventListener('abort', stop)
    await promise
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
