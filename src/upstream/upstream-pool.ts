import type { buildConnector, Dispatcher, Client as UndiciClient, Pool as UndiciPool } from 'undici'
import { Client, Pool } from './undici-pool.ts'

export interface UpstreamPoolOptions extends Omit<UndiciPool.Options, 'factory'> {
  readonly connect: buildConnector.connector
}

/**
 * A pool that can tell a connection that had served before from one that never worked: undici fails the request
 * that was on it with the error of the socket, and says no more.
 */
export class UpstreamPool extends Pool {
  readonly #ended: WeakMap<object, UndiciClient>

  /** `origin` is scheme, host and port. */
  constructor(origin: string, options: UpstreamPoolOptions) {
    const ended = new WeakMap<object, UndiciClient>()
    super(origin, {
      ...options,
      factory: (url, clientOptions) =>
        createClient(url, { ...clientOptions, connect: options.connect }, ended),
    })
    this.#ended = ended
  }

  /**
   * Of a connection that had answered before it ended with `error`: its place in the pool, which is without one
   * now. What is dispatched there from `onResponseError` of the request that was on it goes out on a new connection.
   */
  vacancy(error: object): Dispatcher | undefined {
    const client = this.#ended.get(error)
    return client?.closed || client?.destroyed ? undefined : client
  }
}

/** One place for a connection. `ended` gets the errors by which connections end that had answered before. */
const createClient = (
  url: URL,
  { connect, ...options }: UndiciClient.Options & { readonly connect: buildConnector.connector },
  ended: WeakMap<object, UndiciClient>,
): UndiciClient => {
  const client: UndiciClient = new Client(url, {
    ...options,
    connect: (target, callback) =>
      connect(target, (...result) => {
        const socket = result[1]
        // Before undici's own listener, which fails the request.
        socket?.once('error', error => {
          if (socket.bytesRead > 0) ended.set(error, client)
        })
        callback(...result)
      }),
  })
  return client
}
