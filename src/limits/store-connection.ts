import type { Clock } from '../core/clock.ts'
import { type BucketCall, bucketScript, bucketScriptHash } from './bucket-script.ts'
import { type StoreAddress, serverName } from './store-address.ts'
import { within } from './within.ts'

/** For DNS, TCP, TLS and the handshake together. */
const connectTimeoutMs = 2_000

/** Calls under way at once; more than a store answers within the deadline of a call. */
const maxCallsUnderWay = 20_000

/** One connection to a store. What is sent while it is busy goes out together in one write. */
export interface StoreConnection {
  /** Rejects when the store answers with an error or the connection ends; may take forever otherwise. */
  run(call: BucketCall): Promise<number>
  /** The store's script has to be sent along: for a store that may not know it. */
  runWithScript(call: BucketCall): Promise<number>
  readonly isOpen: boolean
  /** What ended it, unless `close` did. */
  readonly lostBy: unknown
  close(): void
}

/**
 * Connects, with one try. Rejects after two seconds. `onLost` is called at most once, when an established
 * connection ends without `close`. The client is loaded by the first call, because it takes longer to load
 * than the relay to start.
 */
export const openStore = async (
  { host, port, tls, username, password, database }: StoreAddress,
  clock: Clock,
  onLost: (error: unknown) => void,
): Promise<StoreConnection> => {
  const { createClient } = await import('@redis/client')
  const socket = { host, port, connectTimeout: connectTimeoutMs, reconnectStrategy: false as const }
  const name = serverName(host)
  const client = createClient({
    socket: tls ? { ...socket, tls: true, ...(name !== undefined && { servername: name }) } : socket,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    // With these the handshake is AUTH and SELECT, or nothing at all: no rights are needed for more.
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxCallsUnderWay,
    // The client's own timeout makes an AbortSignal for every command.
    commandOptions: { timeout: 0 },
  })
  let state: 'opening' | 'open' | 'closed' = 'opening'
  let lostBy: unknown
  const close = (): void => {
    state = 'closed'
    client.destroy()
  }
  client.on('error', (error: unknown) => {
    if (state !== 'open') return
    lostBy = error
    close()
    onLost(error)
  })
  // A store is no reason to keep the process running.
  client.unref()
  const connecting = client.connect()
  try {
    await within(connecting, connectTimeoutMs, clock, 'no connection')
  } catch (error) {
    close()
    // A client that is destroyed before it has its socket goes on to connect.
    connecting.then(close, () => {})
    throw error
  }
  state = 'open'
  const send = async (command: readonly string[]): Promise<number> => {
    const answer = await client.sendCommand<unknown>(command)
    if (typeof answer !== 'number') throw new Error(`the store answered ${typeof answer} instead of a number`)
    return answer
  }
  return {
    run: call => send(['EVALSHA', bucketScriptHash, ...call]),
    runWithScript: call => send(['EVAL', bucketScript, ...call]),
    get isOpen() {
      return state === 'open'
    },
    get lostBy() {
      return lostBy
    },
    close,
  }
}
