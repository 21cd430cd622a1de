/**
 * Why a request to the API server came to nothing; labels of metrics, so the list is fixed. `expired` = 410: the
 * resource version is too old. `throttled` = 429 or 503. `not_found` of a list = the resource type is not there.
 * `terminating` = its CustomResourceDefinition is being deleted. `invalid` = an answer that makes no sense.
 */
export const apiErrorReasons = [
  'aborted',
  'connection',
  'credentials',
  'expired',
  'forbidden',
  'invalid',
  'not_found',
  'rejected',
  'server_error',
  'terminating',
  'throttled',
  'timeout',
  'tls',
  'unauthorized',
] as const
export type ApiErrorReason = (typeof apiErrorReasons)[number]

export interface ApiErrorDetails {
  /** Status of the answer; 0 = there was none. */
  readonly status?: number
  /** What the server asked to wait for. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
  /** How to mend it, on one line, where that is known better than from the reason. */
  readonly fix?: string
}

/** A request to the API server that failed: no answer, an error status, or an error inside a watch. */
export class ApiError extends Error {
  readonly reason: ApiErrorReason
  readonly status: number
  readonly retryAfterMs: number | undefined
  readonly fix: string | undefined

  constructor(reason: ApiErrorReason, message: string, details: ApiErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'ApiError'
    this.reason = reason
    this.status = details.status ?? 0
    this.retryAfterMs = details.retryAfterMs
    this.fix = details.fix
  }
}

const reasons: Readonly<Record<number, ApiErrorReason>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  410: 'expired',
  429: 'throttled',
  503: 'throttled',
}

export const reasonOfStatus = (status: number): ApiErrorReason =>
  reasons[status] ?? (status >= 500 ? 'server_error' : 'rejected')

/** The `Status` object (meta/v1) that answers and watches carry on failure, as far as it is read. */
interface StatusLike {
  readonly code?: unknown
  readonly message?: unknown
  readonly details?: { readonly retryAfterSeconds?: unknown } | null
}

/** Makes an error of the `Status` that a watch sent in its stream. */
export const errorOfStatus = (object: unknown): ApiError => {
  const { code, message, details } = (object ?? {}) as StatusLike
  const status = typeof code === 'number' ? code : 500
  const seconds = details?.retryAfterSeconds
  const text = typeof message === 'string' ? message : `status ${status}`
  const retryAfterMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined
  return new ApiError(reasonOfStatus(status), text, { status, retryAfterMs })
}

/** What was thrown, as an ApiError: whatever else it is, a defect of a callback for example, is `invalid`. */
export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError('invalid', error instanceof Error ? error.message : String(error), { cause: error })
