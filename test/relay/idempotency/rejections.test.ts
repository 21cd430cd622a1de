import { describe, expect, test } from 'vitest'
import { invalidKey, keyInFlight, keyMismatch } from '../../../src/relay/idempotency/rejections.ts'

describe('rejections for idempotency keys', () => {
  test.each([
    ['idempotency_key_invalid', 400, invalidKey],
    ['idempotency_in_flight', 409, keyInFlight],
    ['idempotency_mismatch', 422, keyMismatch],
  ])('%s with %i names the header', (code, status, make) => {
    const rejection = make('X-Order-Key')
    expect(rejection).toMatchObject({ status, code, close: false })
    expect(rejection.detail).toContain('X-Order-Key')
  })

  test('a request in flight is worth asking for again, in a second', () =>
    expect(keyInFlight('Idempotency-Key').headers).toEqual(['Retry-After', '1']))
})
