import type { RouteSource } from '../api/snapshot.ts'
import type { SourceFigures } from '../config/kubernetes-source-figures.ts'
import type { Logger, LogLevel } from '../core/logger.ts'

/** An address to listen on; port 0 = any free one. */
export interface Endpoint {
  /** Name or IP address, without brackets. `::` takes IPv4 as well. */
  readonly host: string
  readonly port: number
}

/** What a source of routes needs of the process. */
export interface SourceParts {
  readonly logger: Logger
  readonly figures: SourceFigures
}

/** Everything `serve` needs to know, read once from flags and environment. */
export interface RelayConfig {
  /** The data port: requests to fan out. */
  readonly listen: readonly Endpoint[]
  /** Admin API. */
  readonly admin: readonly Endpoint[]
  /** /metrics, /livez, /readyz. */
  readonly telemetry: readonly Endpoint[]
  readonly logs: { readonly level: LogLevel; readonly format: 'json' | 'pretty'; readonly colour: boolean }
  /** Which finished requests get a log line. */
  readonly accessLog: 'off' | 'errors' | 'all'
  /** How long to go on serving, unready, before listeners close. */
  readonly drainDelayMs: number
  /** From the signal to stop, drain delay included, until requests still in flight are cut off. */
  readonly shutdownTimeoutMs: number
  /** Requests being answered at once; one more gets 503. */
  readonly maxInFlight: number
  /** Bytes of captured bodies held at once, over all requests. */
  readonly maxBufferedBytes: number
  /** How long a turn of the event loop may last before requests are refused; 0 = any time. */
  readonly maxDelayMs: number
  /** URL of the store of limits that relays share; it may hold a password. `undefined` = none. */
  readonly rateLimitStore: string | undefined
  /** Options in effect by flag, as a user would write them: the admin API shows them. */
  readonly settings: Readonly<Record<string, string>>
  readonly source: (parts: SourceParts) => RouteSource
  /** Called once all ports are open, with the addresses that are really listened on. */
  onListening?(addresses: { readonly data: readonly string[]; readonly admin: readonly string[] }): void
}
