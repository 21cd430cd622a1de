import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiError, apiErrorReasons } from '../../src/kubernetes/api-error.ts'
import { Backoff } from '../../src/kubernetes/backoff.ts'

test('waits are never negative, never beyond 30 s and what the server asked for, and never short for long', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          reason: fc.constantFrom(...apiErrorReasons),
          retryAfterMs: fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined }),
          random: fc.double({ min: 0, max: 0.999, noNaN: true }),
        }),
        { minLength: 1, maxLength: 40 },
      ),
      failures => {
        let random = 0
        const backoff = new Backoff(() => random)
        failures.forEach((failure, index) => {
          random = failure.random
          const asked = Math.min(failure.retryAfterMs ?? 0, 120_000)
          const jitter = backoff.next(new ApiError(failure.reason, '', failure)) - asked
          expect(jitter).toBeGreaterThanOrEqual(0)
          expect(jitter).toBeLessThanOrEqual(30_000)
          const bound = Math.min(30_000, 500 * 2 ** index)
          if (index > 0) expect(jitter).toBeGreaterThanOrEqual(Math.floor(random * bound * 0.999))
        })
      },
    ),
    { numRuns: 200 },
  )
})

test('what only a person can mend is asked for slowly, what a list mends at once the first time', () => {
  const waits = (reason: (typeof apiErrorReasons)[number], rounds: number): number[] => {
    const backoff = new Backoff(() => 0)
    return Array.from({ length: rounds }, () => backoff.next(new ApiError(reason, '')))
  }
  expect(waits('forbidden', 8)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  const backoff = new Backoff(() => 0.999)
  expect(backoff.next(new ApiError('expired', ''))).toBe(0)
  expect(backoff.next(new ApiError('expired', ''))).toBeGreaterThan(900)
})
