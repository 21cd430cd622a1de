import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { buildConnector as Build, Pool as UndiciPool } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { ApiError } from './api-error.ts'
import type { TlsMaterial } from './credentials.ts'

const connectTimeoutMs = 10_000
/** A watch that ends is followed by the next on the same connection; the API server closes idle ones after 90 s. */
const keepAliveMs = 30_000
/** The kernel asks a silent peer whether it is there; what it cannot see, the deadline of a watch does. */
const tcpKeepAliveMs = 15_000
/** More requests at once than this wait for one another. */
const maxConnections = 16

/** Connections of one identity to one server. */
export interface Connections {
  readonly pool: UndiciPool
  /** Ends what is under way; connections that are just being made as well. */
  destroy(): Promise<void>
}

const connect = (server: string, tls: TlsMaterial): Connections => {
  const connecting = new Set<Socket>()
  const connector = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    keepAliveInitialDelay: tcpKeepAliveMs,
    minVersion: 'TLSv1.2',
    ...tls,
  })
  const pool = new Pool(server, {
    allowH2: false,
    pipelining: 1,
    connections: maxConnections,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: tracked(connector, connecting),
  })
  return {
    pool,
    destroy: async () => {
      const destroyed = pool.destroy()
      // undici waits for a connect in flight to fail by itself, which a black hole takes seconds for.
      for (const socket of connecting) socket.destroy()
      await destroyed
    },
  }
}

const tracked =
  (connector: Build.connector, connecting: Set<Socket>): Build.connector =>
  (options, callback) => {
    // Not in undici's types: it returns the socket that is connecting.
    const socket = connector(options, (...result) => {
      if (socket) connecting.delete(socket)
      callback(...result)
    }) as unknown as Socket | undefined
    if (socket) connecting.add(socket)
  }

/** A file that is read again is another object with the same bytes. */
const keyOf = (tls: TlsMaterial): string => {
  const { ca = '', cert = '', key = '', passphrase = '', servername = '', rejectUnauthorized = true } = tls
  const hash = createHash('sha256')
  for (const part of [ca, cert, key, passphrase, servername, String(rejectUnauthorized)])
    hash.update(`${part.length}:`).update(part)
  return hash.digest('hex')
}

/** The connections in use: one set, until the identity changes or they have proved bad. */
export class ConnectionCache {
  readonly #server: string
  #key = ''
  #current: Connections | undefined
  #closed = false

  constructor(server: string) {
    this.#server = server
  }

  /** Those of this identity; others are closed once nothing is under way on them. */
  for(tls: TlsMaterial): Connections {
    if (this.#closed) throw new ApiError('aborted', 'the client was closed')
    const key = keyOf(tls)
    if (this.#current && key === this.#key) return this.#current
    void this.#current?.pool.close().catch(() => {})
    this.#key = key
    this.#current = connect(this.#server, tls)
    return this.#current
  }

  /** Gives up connections that may be dead without knowing it; the next request makes new ones. */
  retire(connections: Connections): void {
    if (connections === this.#current) this.#current = undefined
    void connections.destroy().catch(() => {})
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#current?.destroy()
    this.#current = undefined
  }
}
