import type { CancelTimer, Clock } from '../../core/clock.ts'

/** Where finished lines go, in order. */
export interface LineSink {
  write(text: string): void
}

export interface LineBufferOptions {
  readonly clock: Clock
  /** Characters that are written without waiting. Defaults to 16 Ki: one write of a pipe's usual page. */
  readonly maxLength?: number
  /** The longest a line waits. Defaults to 100 ms. */
  readonly maxWaitMs?: number
}

/** Joins lines to larger writes: the system call is most of what a log line costs. */
export class LineBuffer implements LineSink {
  readonly #sink: LineSink
  readonly #clock: Clock
  readonly #maxLength: number
  readonly #maxWaitMs: number
  #text = ''
  #cancelTimer: CancelTimer | undefined

  constructor(sink: LineSink, { clock, maxLength = 16 * 1024, maxWaitMs = 100 }: LineBufferOptions) {
    this.#sink = sink
    this.#clock = clock
    this.#maxLength = maxLength
    this.#maxWaitMs = maxWaitMs
  }

  write(line: string): void {
    this.#text += line
    if (this.#text.length >= this.#maxLength) this.flush()
    else this.#cancelTimer ??= this.#clock.after(this.#maxWaitMs, () => this.flush())
  }

  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const text = this.#text
    if (text === '') return
    this.#text = ''
    this.#sink.write(text)
  }
}
