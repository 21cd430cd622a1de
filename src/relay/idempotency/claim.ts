import { createHash } from 'node:crypto'
import { isSafe } from '../../core/methods.ts'
import type { RouteOutcome } from '../../core/observer.ts'
import type { PlannedIdempotencyKey } from '../../plan/types.ts'
import type { Exchange } from '../exchange.ts'
import { headerValue } from '../header-value.ts'
import type { RequestHead } from '../request-head.ts'
import type { ServingRoute } from '../route.ts'
import type { RememberedAnswer } from './answers.ts'
import { fingerprint } from './fingerprint.ts'
import { newKey, readKey } from './key.ts'
import { RecordedReply } from './recorded-reply.ts'
import { invalidKey, keyInFlight, keyMismatch } from './rejections.ts'
import { replay } from './replay.ts'

/**
 * Settles what a request's idempotency key means before anything is sent. False = the request has been
 * answered: from memory, or because its key cannot be used. Safe methods need no key and theirs passes through.
 * `body` undefined = it is streamed, so it cannot be told apart from another and its answer is not remembered.
 */
export const claimKey = (
  exchange: Exchange,
  { header, generate, ttlMs }: PlannedIdempotencyKey,
  body: Buffer | null | undefined,
): boolean => {
  const { head, route, parts, response } = exchange
  if (isSafe(head.method)) return true
  const given = readKey(head.headers, header.toLowerCase())
  if (given === 'absent') {
    if (generate) exchange.key = newKey()
    return true
  }
  if (given === 'invalid') {
    exchange.refuse(invalidKey(header))
    return false
  }
  exchange.key = given.key
  if (body === undefined) return true
  const key = given.key + callerOf(head)
  const found = parts.answers.begin(route.id, key, fingerprint(head, body), ttlMs, route.observer)
  // An envelope that says `failed` may have any status: the same request is to be tried again.
  const isOwn = route.answer.body !== 'Upstream'
  switch (found.kind) {
    case 'new':
      exchange.remember(
        found.entry,
        new RecordedReply(response, {
          entry: found.entry,
          isFinal: status =>
            isFinal(status) && !(isOwn && exchange.outcome === 'failed') && !isBroken(exchange),
          maxBodyBytes: route.maxBodyBytes,
          reserve: bytes => exchange.reserve(bytes),
        }),
      )
      return true
    case 'replay':
      exchange.replayed = true
      exchange.outcome = outcomeOf(found.answer)
      replay(exchange, found.answer, head.requestId, awaitedNames(route))
      return false
    case 'in_flight':
      exchange.refuse(keyInFlight(header))
      return false
    case 'mismatch':
      exchange.refuse(keyMismatch(header))
      return false
  }
}

const awaitedNames = ({ legs }: ServingRoute): readonly string[] =>
  legs.filter(({ awaited }) => awaited).map(({ name }) => name)

/** Callers do not know each other's keys: what one was answered must not reach another. */
const callerOf = ({ headers }: RequestHead): string => {
  const credentials = headerValue(headers, 'authorization')
  return credentials === undefined ? '' : `\n${createHash('sha256').update(credentials).digest('base64url')}`
}

/** What the first answer said of itself. */
const outcomeOf = ({ headers }: RememberedAnswer): RouteOutcome => {
  const status = headerValue(headers, 'x-fanout-status')
  return status === 'partial_success' ? 'partial' : status === 'success' ? 'success' : 'failed'
}

/** A defect of the relay's own is no result of anybody's request. */
const isBroken = ({ awaited }: Exchange): boolean => awaited.some(({ token }) => token === 'relay_internal')

/** After a failure, and after what asks to come back later (RFC 9110, 6585, 8470), the same is sent again. */
const isFinal = (status: number): boolean =>
  status < 500 && status !== 408 && status !== 425 && status !== 429
