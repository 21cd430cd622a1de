import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ApiError, type ApiErrorReason, apiErrorReasons } from '../../src/kubernetes/api-error.ts'
import { Backoff } from '../../src/kubernetes/backoff.ts'

const allowed = { wasAllowed: true }
const refused = new ApiError('connection', '', {
  cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
})

const waits = (
  backoff: Backoff,
  error: ApiErrorReason | ApiError,
  rounds: number,
  options = allowed,
): number[] =>
  Array.from({ length: rounds }, () =>
    Math.round(backoff.next(typeof error === 'string' ? new ApiError(error, '') : error, options)),
  )

const failure = fc.record({
  reason: fc.constantFrom(...apiErrorReasons),
  code: fc.constantFrom('ECONNREFUSED', 'ECONNRESET', undefined),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined }),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  wasAllowed: fc.boolean(),
})

test('waits are never negative, and never beyond 30 s and what the server asked for', () => {
  fc.assert(
    fc.property(fc.array(failure, { minLength: 1, maxLength: 40 }), failures => {
      let random = 0
      const backoff = new Backoff(() => random)
      for (const { reason, code, retryAfterMs, random: drawn, wasAllowed } of failures) {
        random = drawn
        const error = new ApiError(reason, '', { retryAfterMs, cause: { code } })
        const jitter = backoff.next(error, { wasAllowed }) - Math.min(retryAfterMs ?? 0, 120_000)
        expect(jitter).toBeGreaterThanOrEqual(0)
        expect(jitter).toBeLessThanOrEqual(30_000)
      }
    }),
    { numRuns: 200 },
  )
})

test('however failures take turns, all but a few are waited out for long', () => {
  fc.assert(
    fc.property(fc.array(failure, { minLength: 60, maxLength: 60 }), failures => {
      const backoff = new Backoff(() => 0.5)
      const short = failures
        .map(({ reason, code, wasAllowed }) =>
          backoff.next(new ApiError(reason, '', { cause: { code } }), { wasAllowed }),
        )
        .filter(ms => ms < 2_500)
      // 0.25 to 4 s, of six kinds.
      expect(short.length).toBeLessThanOrEqual(26)
    }),
    { numRuns: 200 },
  )
})

describe('a server that is not there', () => {
  test('is asked every few seconds however long it is away', () => {
    expect(waits(new Backoff(() => 0.999), refused, 8)).toEqual([
      500, 999, 1998, 3996, 4995, 4995, 4995, 4995,
    ])
    expect(Math.max(...waits(new Backoff(() => 0), refused, 8))).toBe(0)
  })

  test('is another matter than a connection that is cut', () => {
    expect(waits(new Backoff(() => 0.999), 'connection', 8).at(-1)).toBe(29_970)
  })

  test.each(['forbidden', 'unauthorized', 'not_found', 'throttled', 'server_error'] as const)(
    'leaves nothing behind for its first answers: %s',
    reason => {
      const backoff = new Backoff(() => 0.999)
      waits(backoff, refused, 20)
      waits(backoff, 'connection', 20)
      expect(waits(backoff, reason, 1)[0]).toBeLessThanOrEqual(500)
      // Nor does an answer in between let it be asked more often.
      expect(waits(backoff, refused, 1)).toEqual([4995])
    },
  )
})

describe('a refusal', () => {
  const never = { wasAllowed: false }

  test.each(['forbidden', 'unauthorized', 'not_found'] as const)(
    'of what was never granted is slow: %s',
    reason => {
      const all = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]
      expect(waits(new Backoff(() => 0), reason, 8, never)).toEqual(all)
    },
  )

  test.each(['forbidden', 'unauthorized', 'not_found'] as const)(
    'of what was granted before is taken for a passing one four times: %s',
    reason => {
      expect(waits(new Backoff(() => 0.999), reason, 5)).toEqual([250, 500, 999, 1998, 3998])
      const all = [0, 0, 0, 0, 2_000, 4_000, 8_000, 15_000, 15_000]
      expect(waits(new Backoff(() => 0), reason, 9)).toEqual(all)
    },
  )

  test('passes for a passing one again after a success', () => {
    const backoff = new Backoff(() => 0.999)
    waits(backoff, 'forbidden', 9)
    backoff.reset()
    expect(waits(backoff, 'forbidden', 1)).toEqual([250])
  })

  test.each(['terminating', 'credentials'] as const)('that does not pass by itself is slow: %s', reason => {
    expect(waits(new Backoff(() => 0), reason, 2)).toEqual([500, 1_000])
  })
})

test('what a list mends is not waited for the first time', () => {
  const backoff = new Backoff(() => 0.999)
  expect(waits(backoff, 'expired', 1)).toEqual([0])
  expect(waits(backoff, 'expired', 1)[0]).toBeGreaterThan(900)
})
