import { type ErrorToken, errorTokens } from '../../core/errors.ts'
import type { RouteOutcome } from '../../core/observer.ts'

/** Label values are numbered, so that one integer names a series and an update formats nothing. */
export const outcomes = [
  'success',
  'partial',
  'failed',
  'cancelled',
  'rejected',
  'unmatched',
] as const satisfies RouteOutcome[]

/** Last = whatever else a client sends (OpenTelemetry's name for it). */
export const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  '_OTHER',
] as const

/** '' = success. At most 32, the room that `LegSeries` has for them in its keys. */
export const errors: readonly (ErrorToken | '')[] = ['', ...errorTokens]

/** Without a prototype: a method named `constructor` must not be found. */
const numbered = (values: readonly string[]): Readonly<Record<string, number>> =>
  Object.assign(Object.create(null), Object.fromEntries(values.map((value, index) => [value, index])))

export const outcomeNumber = numbered(outcomes)
export const methodNumber = numbered(methods)
export const errorNumber = numbered(errors)
export const otherMethod = methods.length - 1

const otherStatus = 1

/** Statuses outside 100..599 share one number: upstreams can make up any three digits. */
export const statusNumber = (status: number): number =>
  status === 0 || (status >= 100 && status <= 599) ? status | 0 : otherStatus

/** '' = there was no answer. */
export const statusLabel = (number: number): string =>
  number === 0 ? '' : number === otherStatus ? 'other' : String(number)
