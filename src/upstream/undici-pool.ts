import type { Client as UndiciClient, buildConnector as UndiciConnector, Pool as UndiciPool } from 'undici'
import untypedConnector from 'undici/lib/core/connect.js'
import UntypedClient from 'undici/lib/dispatcher/client.js'
import UntypedPool from 'undici/lib/dispatcher/pool.js'

/**
 * undici's Pool and its Client, by themselves. The package's index loads fetch, WebSocket, caches and mocks as well: 20 ms at
 * start and 10 MB that a relay never uses. The version is pinned, so the path holds.
 */
export const Pool: typeof UndiciPool = UntypedPool
export const Client: typeof UndiciClient = UntypedClient
export const buildConnector: typeof UndiciConnector = untypedConnector
