import type { LegRequest } from '../core/call.ts'
import { isSafe } from '../core/methods.ts'
import { classify } from './classify.ts'

/** A place in the pool may turn out dead too; the one that a request died on is sure to connect anew. */
export const maxResends = 3

/**
 * Whether a request that a kept connection died under, before an answer began, may go out once more (RFC 9112
 * §9.3.1). Whether the upstream had read it nobody knows, so its method must be safe: PUT, DELETE and requests with
 * an idempotency key are for `retry` to repeat, where the route's author can say no.
 */
export const mayRepeat = ({ method }: LegRequest, error: Error): boolean =>
  isSafe(method) && classify(error, { headReceived: false }).token === 'connection_terminated'
