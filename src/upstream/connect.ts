import type { buildConnector as Build } from 'undici'
import { buildConnector } from './undici-pool.ts'

/**
 * How a pool connects. Under TLS 1.3 an upstream refuses a client only after the handshake, and Node reports its
 * alert and then the end of the stream; undici would keep the end alone, and the refusal would pass for a
 * connection that was lost. So the alert ends the socket.
 */
export const createConnect = (timeoutMs: number): Build.connector => {
  const connect = buildConnector({ allowH2: false, timeout: timeoutMs })
  return (options, callback) =>
    connect(options, (...result) => {
      const socket = result[1]
      if (socket && options.protocol === 'https:') socket.once('error', error => socket.destroy(error))
      callback(...result)
    })
}
