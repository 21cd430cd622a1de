import type { ApiAnswer, ApiRequest } from './api-client.ts'
import { ApiError, reasonOfStatus } from './api-error.ts'
import type { AnswerHeaders, ExchangeSink } from './exchange.ts'

const defaultMaxBytes = 64 * 1024 * 1024
/** Of an error's body, which only tells why. */
const maxErrorBytes = 64 * 1024
const maxMessage = 300

/** Collects an answer, or hands it on as it comes. */
export class Answer implements ExchangeSink {
  readonly #request: ApiRequest
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #status = 0
  #headers: AnswerHeaders = {}

  constructor(request: ApiRequest) {
    this.#request = request
  }

  head(status: number, headers: AnswerHeaders): void {
    this.#status = status
    this.#headers = headers
    if (this.#succeeded) this.#request.onHead?.()
  }

  data(chunk: Buffer): void {
    if (this.#succeeded && this.#request.onData) return this.#request.onData(chunk)
    const { maxBytes = defaultMaxBytes } = this.#request
    this.#bytes += chunk.length
    if (!this.#succeeded && this.#bytes > maxErrorBytes) return
    if (this.#bytes > maxBytes) throw new ApiError('invalid', `the answer is larger than ${maxBytes} bytes`)
    this.#chunks.push(chunk)
  }

  /** What was read to its end. @throws ApiError for everything but a success */
  finish(): ApiAnswer {
    const text = Buffer.concat(this.#chunks).toString()
    if (!this.#succeeded) throw this.#error(text)
    if (text === '') return { status: this.#status, body: undefined }
    try {
      return { status: this.#status, body: JSON.parse(text) }
    } catch (cause) {
      throw new ApiError('invalid', 'the answer is not JSON', { status: this.#status, cause })
    }
  }

  get #succeeded(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  #error(text: string): ApiError {
    const message = `status ${this.#status}: ${messageIn(text)}`
    const seconds = Number(this.#headers['retry-after'])
    const retryAfterMs = seconds > 0 ? seconds * 1000 : undefined
    return new ApiError(reasonOfStatus(this.#status), message, { status: this.#status, retryAfterMs })
  }
}

/** The message of a `Status`, or the text itself: proxies before an API server answer as they like. */
const messageIn = (text: string): string => {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    if (typeof message === 'string') return message.slice(0, maxMessage)
  } catch {
    // Not JSON: see above.
  }
  return text.trim().slice(0, maxMessage)
}
