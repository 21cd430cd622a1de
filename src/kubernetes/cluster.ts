import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../core/clock.ts'
import { Answer } from './answer.ts'
import type { ApiAnswer, ApiRequest, ClusterClient } from './api-client.ts'
import { ApiError } from './api-error.ts'
import { ConnectionCache, type Connections } from './connections.ts'
import type { Credentials, Identity } from './credentials.ts'
import { exchange } from './exchange.ts'
import { loadKubeconfig } from './kubeconfig.ts'
import { tokenDirectory } from './token-directory.ts'

export interface ClusterOptions {
  /** Path of a kubeconfig; without it the token directory is used. */
  readonly kubeconfig?: string | undefined
  /** A context of the kubeconfig; default its current one. */
  readonly context?: string | undefined
  /** Directory with `token`, `ca.crt` and `namespace`, as pods have it. */
  readonly tokenDir?: string | undefined
  /** Base URL of the API server, for a token directory. */
  readonly server?: string | undefined
  /** Default: that of the context, or what the token directory says. */
  readonly namespace?: string | undefined
  readonly clock?: Clock
  /** Default `fanout-relay`. */
  readonly userAgent?: string
}

/**
 * The API server that a kubeconfig or a token directory leads to. Nothing is sent yet.
 *
 * @throws ApiError `credentials` when the options lead nowhere
 */
export const loadCluster = async (options: ClusterOptions): Promise<ClusterClient> => {
  const { kubeconfig, context, tokenDir, clock = systemClock, userAgent = 'fanout-relay' } = options
  if (kubeconfig !== undefined) {
    const found = await loadKubeconfig(kubeconfig, context, clock)
    const namespace = options.namespace ?? found.namespace
    return new Cluster({ ...found, namespace, server: checkedServer(found.server), clock, userAgent })
  }
  if (tokenDir === undefined || options.server === undefined)
    throw new ApiError('credentials', 'neither a kubeconfig nor a token directory with its API server')
  const namespace = options.namespace ?? (await namespaceIn(tokenDir))
  const credentials = tokenDirectory(tokenDir, clock)
  return new Cluster({ server: checkedServer(options.server), namespace, credentials, clock, userAgent })
}

const namespaceIn = async (tokenDir: string): Promise<string> => {
  const file = join(tokenDir, 'namespace')
  const text = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (text === '') throw new ApiError('credentials', `no namespace: ${file} is missing or empty`)
  return text
}

/** A token in the clear may go to this machine alone, where `kubectl proxy` and tests are. */
const checkedServer = (server: string): string => {
  const url = URL.parse(server)
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url?.hostname ?? '')
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    throw new ApiError('credentials', `the API server must have an https:// address, not ${server}`, {
      fix: 'correct the address of the server in the kubeconfig',
    })
  return server.replace(/\/+$/, '')
}

const defaultDeadlineMs = 15_000

interface ClusterParts {
  readonly server: string
  readonly namespace: string
  readonly credentials: Credentials
  readonly clock: Clock
  readonly userAgent: string
}

class Cluster implements ClusterClient {
  readonly server: string
  readonly namespace: string
  readonly #parts: ClusterParts
  readonly #connections: ConnectionCache
  /** Path before those of the API, where a proxy such as Rancher's serves several clusters. */
  readonly #basePath: string

  constructor(parts: ClusterParts) {
    const { origin, pathname } = new URL(parts.server)
    this.server = parts.server
    this.namespace = parts.namespace
    this.#parts = parts
    this.#connections = new ConnectionCache(origin)
    this.#basePath = pathname === '/' ? '' : pathname
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    const { credentials } = this.#parts
    try {
      return await this.#send(request, await credentials.current())
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      // The token was replaced, or its time was up, before we read it again; or the CA was.
      const isRefused = error.status === 401
      if (isRefused || error.reason === 'tls') credentials.refresh()
      if (!isRefused) throw error
      return await this.#send(request, await credentials.current())
    }
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async #send(request: ApiRequest, identity: Identity): Promise<ApiAnswer> {
    const connections = this.#connections.for(identity.tls)
    const answer = new Answer(request)
    const body = request.body === undefined ? null : JSON.stringify(request.body)
    try {
      await exchange(
        connections.pool,
        {
          method: request.method ?? 'GET',
          path: this.#basePath + request.path,
          headers: {
            accept: 'application/json',
            'user-agent': this.#parts.userAgent,
            ...(body !== null && { 'content-type': request.contentType ?? 'application/json' }),
            ...identity.headers,
          },
          body,
          deadlineMs: request.deadlineMs ?? defaultDeadlineMs,
          silenceMs: request.silenceMs,
          signal: request.signal,
        },
        answer,
        this.#parts.clock,
      )
    } catch (error) {
      this.#judge(connections, error)
      throw error
    }
    return answer.finish()
  }

  /** A connection that went silent, or a handshake that failed, says something about all of them. */
  #judge(connections: Connections, error: unknown): void {
    if (error instanceof ApiError && (error.reason === 'timeout' || error.reason === 'tls'))
      this.#connections.retire(connections)
  }
}
