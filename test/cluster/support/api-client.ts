import { Agent, request as httpsRequest } from 'node:https'

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number
  readonly text: string
  /** The JSON of the answer; `{}` when it is none. */
  readonly object: ApiObject
}

/** As much of any Kubernetes object as tests look at; a refusal is one of kind `Status`. */
export interface ApiObject {
  readonly kind?: string
  readonly message?: string
  readonly metadata?: { readonly name?: string; readonly uid?: string; readonly resourceVersion?: string }
  readonly spec?: Readonly<Record<string, unknown>>
  readonly details?: { readonly causes?: readonly ApiCause[] }
  readonly [field: string]: unknown
}

/** One reason of a refusal; `field` is written as in `spec.upstreams[0].name`. */
export interface ApiCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export interface ApiRequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown
  /** Default: the administrator's. */
  readonly token?: string
  readonly contentType?: string
}

/** One request to the API server; rejects only when there is no answer. */
export type ApiRequest = (method: string, path: string, options?: ApiRequestOptions) => Promise<ApiAnswer>

export interface ApiClient {
  readonly request: ApiRequest
  close(): void
}

const timeoutMs = 15_000

export const apiClient = (url: string, ca: string, adminToken: string): ApiClient => {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 8 })
  const request: ApiRequest = (method, path, options = {}) => {
    const { body, token = adminToken, contentType = 'application/json' } = options
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentType }
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest(new URL(path, url), { method, agent, headers }, incoming => {
        const chunks: Buffer[] = []
        incoming.on('data', chunk => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isJson = incoming.headers['content-type']?.startsWith('application/json')
          resolve({ status: incoming.statusCode ?? 0, text, object: isJson ? JSON.parse(text) : {} })
        })
      })
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`${method} ${path}: no answer`)))
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
  return { request, close: () => agent.destroy() }
}
