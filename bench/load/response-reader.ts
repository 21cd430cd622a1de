const headEnd = Buffer.from('\r\n\r\n')
const lastChunk = '\r\n0\r\n\r\n'

/**
 * Finds where one HTTP/1.1 response ends, and nothing more. It relies on what this bench controls: no
 * pipelining, no interim responses, and bodies in which the end of a chunked message cannot occur.
 */
export class ResponseReader {
  status = 0
  #head: Buffer | undefined
  #remaining = 0
  #chunked = false
  #inBody = false
  #tail = ''

  /** Takes what arrived; true when the response is complete and the next request may be sent. */
  push(bytes: Buffer): boolean {
    if (this.#inBody) return this.#body(bytes)
    const seen = this.#head ? Buffer.concat([this.#head, bytes]) : bytes
    const end = seen.indexOf(headEnd)
    if (end < 0) {
      // The socket reuses its read buffer, so what must outlive this call is copied.
      this.#head = Buffer.from(seen)
      return false
    }
    this.#head = undefined
    this.#readHead(seen.toString('latin1', 0, end).toLowerCase())
    // The head's own CRLF stays in the tail: an empty chunked body is then recognised like any other.
    this.#tail = '\r\n'
    return this.#body(seen.subarray(end + 4))
  }

  reset(): void {
    this.#head = undefined
    this.#inBody = false
  }

  #readHead(head: string): void {
    this.status = Number(head.slice(9, 12))
    const at = head.indexOf('\r\ncontent-length:')
    this.#chunked = at < 0 && head.includes('\r\ntransfer-encoding:')
    this.#remaining = at < 0 ? 0 : Number.parseInt(head.slice(at + 17), 10)
    this.#inBody = true
  }

  #body(bytes: Buffer): boolean {
    if (this.#chunked) {
      this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - 7))).slice(-7)
      this.#inBody = this.#tail !== lastChunk
    } else {
      this.#remaining -= bytes.length
      this.#inBody = this.#remaining > 0
    }
    return !this.#inBody
  }
}
