import type { ApiError, ApiErrorReason } from '../kubernetes/api-error.ts'
import { type CheckLine, line, skipped } from './finding.ts'
import { serverFinding } from './server-finding.ts'

/** Something that was read from the API server, or why it was not. */
export type Fact<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unread'; readonly reason: ApiErrorReason; readonly error: ApiError }

export const found = <T>(value: T): Fact<T> => ({ kind: 'found', value })
export const absent: Fact<never> = { kind: 'absent' }

/** What was read; `undefined` when it is absent or could not be. */
export const factValue = <T>(fact: Fact<T>): T | undefined => (fact.kind === 'found' ? fact.value : undefined)

/** What to say about facts that could not be read; `undefined` = all could. */
export const unreadLine = (what: string, facts: readonly Fact<unknown>[]): CheckLine | undefined => {
  const unread = facts.find(fact => fact.kind === 'unread')
  if (unread?.kind !== 'unread') return undefined
  return unread.reason === 'forbidden'
    ? skipped(what, unread.error.message)
    : line(what, [serverFinding(unread.error)])
}
