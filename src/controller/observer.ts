import type { RelayState } from './programmed.ts'

/** What the controller reports about itself; telemetry counts it. */
export interface ControllerObserver {
  /**
   * One namespace was looked at: everything was as it should be or was made so, another writer was faster, or it
   * failed.
   */
  reconciled(result: ReconcileResult, durationMs: number): void
  /** Whether this replica is the one that writes. */
  leading(is: boolean): void
  relays(namespace: string, counts: Readonly<Record<RelayState, number>>): void
  uninjectedPods(namespace: string, count: number): void
  /** Nothing is known about the namespace any more. */
  forget(namespace: string): void
  /** A status was written. */
  statusWritten(): void
  /** An event was sent, failed, or was left out to bound their rate. */
  event(result: 'sent' | 'failed' | 'dropped'): void
}

export type ReconcileResult = 'success' | 'conflict' | 'error'
