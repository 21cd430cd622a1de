import { type ApiErrorReason, apiErrorReasons } from './api-error.ts'

/** How a list ended: label `result` of `fanout_list_total`. */
export type ListResult = 'success' | ApiErrorReason
export const listResults: readonly ListResult[] = ['success', ...apiErrorReasons]

/**
 * Why a watch was begun anew: label `reason` of `fanout_watch_restarts_total`. `ended`: the server ended it, which is
 * regular. `half_open`: nothing came any more. `relist`: the time for a list in between had come.
 */
export type RestartReason = 'ended' | 'half_open' | 'relist' | ApiErrorReason
export const restartReasons: readonly RestartReason[] = ['ended', 'half_open', 'relist', ...apiErrorReasons]

/** What a reflector tells about itself. */
export interface ReflectorObserver {
  listed(result: ListResult): void
  restarted(reason: RestartReason): void
  /** Whether a watch is open; between two of them, when the server ended the first, it counts as open. */
  connected(connected: boolean): void
  /** The server sent something: what we have is what it has. */
  heard(): void
  /** A list showed changes that the watch had not brought. */
  drifted(count: number): void
}
