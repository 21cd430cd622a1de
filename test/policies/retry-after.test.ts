import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { retryAfterMs } from '../../src/policies/retry-after.ts'

const now = Date.UTC(1994, 10, 6, 8, 49, 0)

// Where local time is UTC it would not show if a date were read as local.
beforeAll(() => {
  vi.stubEnv('TZ', 'Asia/Kolkata')
})
afterAll(() => {
  vi.unstubAllEnvs()
})

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7000],
    ['007', 7000],
    ['99999999999999999999', 1e23],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ])('%j is a number of seconds', (value, ms) => {
    expect(retryAfterMs(value, now)).toBe(ms)
  })

  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Sunday, 06-Nov-94 08:49:37 GMT'],
    ['Sun Nov  6 08:49:37 1994'],
  ])('%j is a date, all three forms in UTC', value => {
    expect(retryAfterMs(value, now)).toBe(37_000)
    expect(retryAfterMs(value, now + 60_000)).toBe(0)
  })

  it.each([
    [undefined],
    [''],
    [' '],
    ['-1'],
    ['+1'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    ['1, 2'],
    ['1 s'],
    ['soon'],
    ['20262026-01-01'],
    ['Sun, 06 Nov 1994 28:49:37 GMT'],
    ['Sun, 06 Nov 1994 08:49:37 PST'],
    ['Sun, 06 Nov 1994 08:49:37'],
  ])('%j asks for nothing', value => {
    expect(retryAfterMs(value, now)).toBeUndefined()
  })

  it('asks for a time that is not negative or for nothing, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date().map(date => (Number.isNaN(date.getTime()) ? '' : date.toUTCString())),
        ),
        value => (retryAfterMs(value, now) ?? 0) >= 0,
      ),
      { numRuns: 300 },
    )
  })
})
