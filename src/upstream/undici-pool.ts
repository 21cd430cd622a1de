import type { buildConnector as UndiciConnector, Pool as UndiciPool } from 'undici'
import untypedConnector from 'undici/lib/core/connect.js'
import UntypedPool from 'undici/lib/dispatcher/pool.js'

/**
 * undici's Pool by itself. The package's index loads fetch, WebSocket, caches and mocks as well: 20 ms at
 * start and 10 MB that a relay never uses. The version is pinned, so the path holds.
 */
export const Pool: typeof UndiciPool = UntypedPool
export const buildConnector: typeof UndiciConnector = untypedConnector
