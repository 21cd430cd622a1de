import type { Rejection } from '../rejection.ts'

/** `header` in each of these: the name of the field as the route spells it. */
export const invalidKey = (header: string): Rejection => ({
  status: 400,
  code: 'idempotency_key_invalid',
  title: 'Invalid idempotency key',
  detail:
    `${header} must come once, with 1 to 255 characters of visible ASCII, bare or in double quotes; ` +
    `within quotes \\" and \\\\ stand for a quote and a backslash.`,
  close: false,
})

export const keyInFlight = (header: string): Rejection => ({
  status: 409,
  code: 'idempotency_in_flight',
  title: 'Request in flight',
  detail:
    `The first request with this ${header} is still under way. Send the same again after Retry-After: ` +
    'once the first is answered, its answer is repeated.',
  close: false,
  headers: ['Retry-After', '1'],
})

export const keyMismatch = (header: string): Rejection => ({
  status: 422,
  code: 'idempotency_mismatch',
  title: 'Idempotency key used for another request',
  detail:
    `This ${header} was first used with another method, path, query or body. Use a new key for a new ` +
    'request, and send a repeated one byte for byte as before.',
  close: false,
})
