import { ApiError } from './api-error.ts'

/** etcd takes objects up to 1.5 MiB, which JSON may write several times as long. */
const maxLineBytes = 16 * 1024 * 1024
const newline = 0x0a

/** Cuts a stream of bytes into lines. Bytes, not text: a chunk may end inside a character. */
export class Lines {
  readonly #take: (line: string) => void
  #parts: Buffer[] = []
  #bytes = 0

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  /** @throws ApiError `invalid` for a line without end, or whatever the taker throws */
  push(chunk: Buffer): void {
    let from = 0
    for (;;) {
      const end = chunk.indexOf(newline, from)
      if (end < 0) break
      this.#parts.push(chunk.subarray(from, end))
      from = end + 1
      const line = (this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)).toString()
      this.#parts = []
      this.#bytes = 0
      if (line.trim() !== '') this.#take(line)
    }
    if (from === chunk.length) return
    this.#parts.push(chunk.subarray(from))
    this.#bytes += chunk.length - from
    if (this.#bytes > maxLineBytes)
      throw new ApiError('invalid', `a line of the watch exceeds ${maxLineBytes} bytes`)
  }
}
