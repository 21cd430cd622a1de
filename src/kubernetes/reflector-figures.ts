import type { Clock } from '../core/clock.ts'
import {
  type ListResult,
  listResults,
  type ReflectorObserver,
  type RestartReason,
  restartReasons,
} from './reflector-observer.ts'

/** Counts what a reflector tells, for whoever looks. */
export class ReflectorFigures implements ReflectorObserver {
  /** `fanout_list_total{result}` */
  readonly lists = zeros(listResults)
  /** `fanout_watch_restarts_total{reason}` */
  readonly restarts = zeros(restartReasons)
  /** `fanout_watch_connected` */
  isConnected = false
  /** `fanout_watch_drift_total` */
  drift = 0
  readonly #clock: Clock
  readonly #startedAt: number
  #heardAt: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  /** Seconds since the server last sent anything; since the start when it never has. `fanout_config_stale_seconds` */
  get staleSeconds(): number {
    return (this.#clock.now() - (this.#heardAt ?? this.#startedAt)) / 1000
  }

  listed(result: ListResult): void {
    this.lists[result] += 1
  }

  restarted(reason: RestartReason): void {
    this.restarts[reason] += 1
  }

  connected(connected: boolean): void {
    this.isConnected = connected
  }

  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  drifted(count: number): void {
    this.drift += count
  }
}

const zeros = <K extends string>(keys: readonly K[]): Record<K, number> =>
  Object.fromEntries(keys.map(key => [key, 0])) as Record<K, number>
