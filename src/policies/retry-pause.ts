import type { Cancellable } from '../core/call.ts'
import type { CancelTimer, Clock } from '../core/clock.ts'
import type { RelayError } from '../core/errors.ts'

/** The wait before a retry: over when its time has come or when the leg is stopped. */
export class RetryPause implements Cancellable {
  readonly over: Promise<void>
  /** Why the leg was stopped; also when that came right after the time was up, before anyone could act on it. */
  cancelled: RelayError | undefined
  readonly #end: () => void
  readonly #stopTimer: CancelTimer

  constructor(clock: Clock, ms: number) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.over = promise
    this.#end = resolve
    this.#stopTimer = clock.after(ms, resolve)
  }

  cancel(error: RelayError): void {
    this.cancelled ??= error
    this.#stopTimer()
    this.#end()
  }
}
