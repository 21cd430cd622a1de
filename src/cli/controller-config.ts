import type { ClusterOptions } from '../kubernetes/cluster.ts'
import type { Endpoint, RelayConfig } from './config.ts'

/** Everything `serveController` needs to know, read once from flags and environment. */
export interface ControllerConfig {
  readonly cluster: ClusterOptions
  /** /livez and /readyz. */
  readonly health: readonly Endpoint[]
  /** /metrics. */
  readonly metrics: readonly Endpoint[]
  /** The admission webhook, over TLS: one address. */
  readonly webhook: readonly [Endpoint]
  /** `undefined` = there is no injector. */
  readonly injector: InjectorConfig | undefined
  /** Of this replica, unique among all. */
  readonly identity: string
  readonly resyncMs: number
  /** How long the webhook goes on, unready, after the signal to stop. */
  readonly drainDelayMs: number
  readonly logs: RelayConfig['logs']
  /** Called once all ports are open, with the addresses that are really listened on. */
  onListening?(addresses: { readonly health: readonly string[]; readonly metrics: readonly string[] }): void
}

export interface InjectorConfig {
  readonly image: string
  readonly allowedImages: readonly string[]
  /** By name of annotation, without prefix. */
  readonly defaults: Readonly<Record<string, string>>
  readonly env: readonly { readonly name: string; readonly value: string }[]
  /** User and group of relays; `none` = whom the cluster chooses. */
  readonly runAsUser: number | 'none'
  /** Where somebody else's certificate is mounted; `undefined` = the leader makes one. */
  readonly certificateDirectory: string | undefined
}
