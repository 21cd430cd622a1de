import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Labels } from './opt-in.ts'
import type { DenyReason, SkipReason } from './outcome.ts'
import type { SidecarOptions } from './sidecar-options.ts'

/** A certificate to serve with its private key, both PEM. */
export interface ServedCertificate {
  readonly cert: string
  readonly key: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** What metrics are made of. Every value is from a short fixed list. */
export interface InjectorObserver {
  /** `fanout_injector_requests_total{result,reason}` */
  request(result: RequestResult, reason: RequestReason): void
}

export type RequestResult = 'injected' | 'skipped' | 'denied' | 'error'
export type RequestReason =
  | 'opted_in'
  | SkipReason
  | DenyReason
  | 'too_large'
  | 'bad_request'
  | 'timeout'
  | 'aborted'
  | 'internal'

export interface InjectorOptions {
  readonly sidecar: SidecarOptions
  /**
   * Labels of a namespace; `undefined` = not known (yet). Without it the webhook's own selectors decide, which is
   * enough: it is a second look for clusters whose webhook configuration was edited by hand.
   */
  readonly namespaceLabels?: (namespace: string) => Labels | undefined
  readonly observer?: InjectorObserver
  readonly logger: Logger
  readonly clock?: Clock
}
