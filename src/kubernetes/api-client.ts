/** One request to the API server. */
export interface ApiRequest {
  /** Default GET. */
  readonly method?: string
  /** Path and query, encoded: `/api/v1/namespaces?limit=500`. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Of the body; a PATCH must say which kind it is. Default `application/json`. */
  readonly contentType?: string
  /** From the call to the last byte, in milliseconds. Default 15 s. */
  readonly deadlineMs?: number
  /** Longest time without a byte once the answer has begun, in milliseconds. Default: none but the deadline. */
  readonly silenceMs?: number
  /** Largest body of an answer, in bytes; more is `invalid`. Default 64 MiB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
  /** The answer is a success, and its body begins. */
  onHead?(): void
  /** Takes the body of a success as it comes, instead of the answer; what it throws ends the request. */
  onData?(chunk: Buffer): void
}

/** A success: its status is 2xx. */
export interface ApiAnswer {
  readonly status: number
  /** The JSON of the body; `undefined` when there is none or `onData` took it. */
  readonly body: unknown
}

/** One API server, as one identity. */
export interface ClusterClient {
  /** Scheme, host and port. */
  readonly server: string
  /** The namespace that is meant when none is given. */
  readonly namespace: string
  /** @throws ApiError for everything but a success: error statuses, no answer, no answer in time */
  request(request: ApiRequest): Promise<ApiAnswer>
  /** Ends what is under way and closes all connections. */
  close(): Promise<void>
}
