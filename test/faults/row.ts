import type { Ask } from '../support/ask.ts'

/** An upstream that can be made to fail, and to be well again. */
export interface Faulty {
  readonly url: string
  /** Requests, or connections where no request gets through. */
  requests(): number
  /** Bytes received; absent where nobody counts them. */
  bytes?(): number
  openSockets(): number
  /** Fails the next `times` times; before that it is well. */
  arm(times: number): void
  heal(): void
  close(): unknown
}

export interface StartOptions {
  /** Wait before a fault shows, so that another leg can be first. */
  readonly delayMs: number
}

/**
 * What a caller gets when no other upstream can answer. `failure`: a problem document. `cut`: the head, then
 * the end of the connection. `refusal`: the upstream's own status, 400 or above. `passes`: the upstream's
 * answer, which counts as a success.
 */
export type Kind = 'failure' | 'cut' | 'refusal' | 'passes'

/**
 * Whether another attempt is made when the route retries. `unsent`: of any request, nothing was sent.
 * `replayable`: of safe methods and of requests with an idempotency key. `never`.
 */
export type Resent = 'unsent' | 'replayable' | 'never'

export interface Row {
  /** Of the fault matrix, `F1` to `F22`. */
  readonly id: string
  readonly fault: string
  readonly kind: Kind
  readonly status: number
  /** Empty = success. */
  readonly token: string
  /** Of the upstream's own answer, which the caller gets unchanged. Latin1. */
  readonly body?: string
  readonly location?: string
  /** Where the relay reads the whole answer itself (Envelope), when that differs. */
  readonly collectedToken?: string
  readonly resent: Resent
  /** The connection is not used again. */
  readonly closes: boolean
  /** A connect that was given up goes on, without a request, until it ends by itself after 5 s. */
  readonly connectsOn?: boolean
  /** A request goes through first, so that the fault meets a connection of the pool. */
  readonly warm?: boolean
  /** Of this many bytes some are never sent. */
  readonly stopsUploadOf?: number
  /** Further fields of the route. */
  readonly spec?: object
  /** Of the route when it retries, in place of one retry at once. */
  readonly retry?: object
  /** At least so long between the two attempts. */
  readonly retryWaitMs?: number
  readonly request?: Ask
  readonly start: (options: StartOptions) => Promise<Faulty>
  /** For the page, where the row needs words. */
  readonly note?: string
}
