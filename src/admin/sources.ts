import type { FailedLeg, LiveFigures, ReloadResult } from '../core/figures.ts'
import type { Logger } from '../core/logger.ts'
import type { PlanResult } from '../plan/types.ts'

/** What the admin API shows, handed in by main. Everything is read anew for each request. */
export interface AdminSources {
  readonly build: { readonly version: string; readonly revision: string; readonly node: string }
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number
  /** Effective settings of the process, by flag. Redacted here before they are shown. */
  readonly settings: Readonly<Record<string, unknown>>
  /** `undefined` until a configuration was read. */
  planned(): PlanResult | undefined
  lastReload(): LastReload | undefined
  readonly figures: LiveFigures
  readonly failures: { list(): readonly FailedLeg[] }
  readonly logger: Logger
}

export interface LastReload {
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly result: ReloadResult
}
