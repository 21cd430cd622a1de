import type { Clock } from '../core/clock.ts'
import type { Limit, LimitSettings } from '../core/limit.ts'
import type { Logger } from '../core/logger.ts'
import { sharedLimit } from './shared-limit.ts'
import { readStoreUrl } from './store-address.ts'
import { StoreLink } from './store-link.ts'
import { storeProblem } from './store-problem.ts'

/** How long a request waits for the store before the relay's own limit decides. */
export const askTimeoutMs = 50

export type StoreState = 'up' | 'down'

export interface SharedLimitsOptions {
  /** `redis[s]://[[user]:password@]host[:port][/database]`. Never logged. */
  readonly url: string
  readonly clock: Clock
  readonly logger?: Logger
  /** Called on every change, and first when it is known whether the store can be reached. */
  readonly onState?: (state: StoreState) => void
  /** Default 50. */
  readonly askTimeoutMs?: number
}

/** Limits that relays share through a store. They all use one connection. */
export interface SharedLimits {
  /**
   * A bucket that all relays with the same `key` and settings share. `key` is `<route>/<leg>`, or `<route>`.
   * When the store gives no answer in time, `onFallback` is called and `local` decides, which should have the
   * same settings: then each relay enforces the limit by itself. Holds nothing that has to be closed.
   */
  limit(key: string, settings: LimitSettings, local: Limit, onFallback: () => void): Limit
  /** Ends the connection; from then on the local limits decide. */
  close(): void
}

/**
 * Connects in the background: neither a store that is away nor one that comes back is waited for. Throws
 * InvalidStoreUrl.
 */
export const createSharedLimits = (options: SharedLimitsOptions): SharedLimits => {
  const { url, clock, logger, onState } = options
  const address = readStoreUrl(url)
  let state: StoreState | undefined
  let toldReason: string | undefined
  const enter = (next: StoreState): void => {
    if (next === state) return
    state = next
    onState?.(next)
  }
  const link = new StoreLink({
    address,
    clock,
    askTimeoutMs: options.askTimeoutMs ?? askTimeoutMs,
    onUp: () => {
      toldReason = undefined
      logger?.info({ store: address.shown }, 'rate limit store is up: limits of scope Global are shared')
      enter('up')
    },
    onDown: error => {
      const problem = storeProblem(error)
      if (problem.reason !== toldReason) {
        toldReason = problem.reason
        const message = 'rate limit store is away: each relay enforces limits of scope Global by itself'
        logger?.warn({ store: address.shown, ...problem }, message)
      }
      enter('down')
    },
  })
  return {
    limit: (key, settings, local, onFallback) => sharedLimit(link, key, settings, local, onFallback),
    close: () => link.close(),
  }
}
