import { createConnect } from './connect.ts'
import { UpstreamPool } from './upstream-pool.ts'

/** Waiting for TCP and TLS, before anything was sent. */
const connectTimeoutMs = 5_000
/** To one upstream; further requests wait for one, within their deadlines. */
const maxConnections = 4096
/** Request and status lines with headers, both directions. */
const maxHeaderBytes = 16 * 1024

/**
 * One pool for each upstream identity, kept across reloads. Whoever builds a table acquires its pools;
 * the table releases them after its last request, and a pool that nobody holds closes its idle sockets.
 */
export class Pools {
  readonly #entries = new Map<string, { readonly pool: UpstreamPool; holders: number }>()

  /** `origin` is scheme, host and port. */
  acquire(origin: string): UpstreamPool {
    let entry = this.#entries.get(origin)
    if (!entry) {
      entry = { pool: createPool(origin), holders: 0 }
      this.#entries.set(origin, entry)
    }
    entry.holders++
    return entry.pool
  }

  release(origin: string): void {
    const entry = this.#entries.get(origin)
    if (!entry || --entry.holders > 0) return
    this.#entries.delete(origin)
    // Nothing is in flight any more; what is left are idle sockets.
    void entry.pool.destroy()
  }

  get size(): number {
    return this.#entries.size
  }

  async destroy(): Promise<void> {
    const pools = [...this.#entries.values()]
    this.#entries.clear()
    await Promise.all(pools.map(({ pool }) => pool.destroy()))
  }
}

/**
 * HTTP/1.1 only: a half-open HTTP/2 session would block every later request to that upstream.
 * undici's own response timeouts are coarse (700 ms fires at 1 s), so they are off and ours are used.
 * Connections are bounded because a connect that was given up goes on until its own timeout.
 */
const createPool = (origin: string): UpstreamPool =>
  new UpstreamPool(origin, {
    allowH2: false,
    pipelining: 1,
    connections: maxConnections,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: maxHeaderBytes,
    connect: createConnect(connectTimeoutMs),
  })
