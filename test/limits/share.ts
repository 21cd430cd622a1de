import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { Limit, LimitSettings } from '../../src/core/limit.ts'
import type { Logger } from '../../src/core/logger.ts'
import { createSharedLimits, type StoreState } from '../../src/limits/shared-limits.ts'
import { eventually } from '../support/eventually.ts'

interface Line {
  readonly level: keyof Logger
  readonly fields: Readonly<Record<string, unknown>>
}

/** A relay's side of shared limits, and what it told. */
export interface Share {
  /** `shop/orders/crm` */
  readonly limit: Limit
  /** What the local limit answers, which no shared one does. */
  readonly localAnswer: number
  readonly fallbacks: number
  readonly states: readonly StoreState[]
  readonly lines: readonly Line[]
  more(key: string): Limit
  /** Until the store was last told to be in this state. */
  reaches(state: StoreState): Promise<void>
  close(): void
}

interface ShareOptions {
  readonly askTimeoutMs?: number
  readonly settings?: LimitSettings
  readonly clock?: Clock
}

const localAnswer = 0.125

export const share = (url: string, options: ShareOptions = {}): Share => {
  const { settings = { requests: 1000, intervalMs: 1000, burst: 1000 }, clock = systemClock } = options
  const states: StoreState[] = []
  const lines: Line[] = []
  let fallbacks = 0
  const log = (level: keyof Logger) => (fields: Line['fields']) => lines.push({ level, fields })
  const shared = createSharedLimits({
    url,
    clock,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    onState: state => states.push(state),
    ...(options.askTimeoutMs !== undefined && { askTimeoutMs: options.askTimeoutMs }),
  })
  const local: Limit = { reserve: () => localAnswer, giveBack: () => {} }
  const more = (key: string): Limit =>
    shared.limit(key, settings, local, () => {
      fallbacks++
    })
  return {
    limit: more('shop/orders/crm'),
    localAnswer,
    get fallbacks() {
      return fallbacks
    },
    states,
    lines,
    more,
    reaches: state =>
      eventually(() => {
        if (states.at(-1) !== state) throw new Error(`not ${state}: ${JSON.stringify({ states, lines })}`)
      }, 15_000),
    close: shared.close,
  }
}
