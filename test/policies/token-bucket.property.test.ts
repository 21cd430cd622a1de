import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket, type TokenBucketOptions } from '../../src/policies/token-bucket.ts'
import { FakeClock } from '../support/fake-clock.ts'

type Given = Omit<TokenBucketOptions, 'now'>

const settings: fc.Arbitrary<Given> = fc.record({
  requests: fc.integer({ min: 1, max: 12 }),
  intervalMs: fc.constantFrom(1, 10, 100, 1000),
  burst: fc.integer({ min: 1, max: 6 }),
})

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 120 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      maxWaitMs: fc.constantFrom(0, 3, 50, Number.POSITIVE_INFINITY),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give back' as const) }) },
)

/** Rounding of one question; starts are instants of around a thousand milliseconds. */
const tolerance = 1e-6

/**
 * The limit as a promise about every window: from any request to any later one, both counted, there are at
 * most `burst` and what the rate yields in between. The earliest instant at which one more keeps it:
 */
const earliest = (starts: readonly number[], now: number, given: Given): number => {
  const msPerToken = given.intervalMs / given.requests
  return starts.reduce((at, start, i) => {
    const inWindow = starts.length - i + 1
    return Math.max(at, start + (inWindow - given.burst) * msPerToken)
  }, now)
}

test('grants the earliest instant that keeps every window within the limit, and refuses nothing else', () => {
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 100 }), (given, steps) => {
      const clock = new FakeClock()
      const bucket = new TokenBucket({ ...given, now: clock.now })
      /** When those that were granted are sent, in the order of asking. */
      const starts: number[] = []
      for (const action of steps) {
        if (action.do === 'wait') clock.advance(action.ms)
        else if (action.do === 'give back') {
          // Of tokens that are still to come, the last.
          if (starts.length > 0 && starts.at(-1)! > clock.now()) {
            bucket.giveBack()
            starts.pop()
          }
        } else {
          const waitMs = bucket.reserve(action.maxWaitMs)
          const expected = earliest(starts, clock.now(), given) - clock.now()
          expect(Math.abs(waitMs)).toBeCloseTo(expected, 6)
          if (expected > tolerance && Math.abs(expected - action.maxWaitMs) > tolerance)
            expect(waitMs > 0).toBe(expected < action.maxWaitMs)
          if (waitMs >= 0) starts.push(clock.now() + waitMs)
        }
      }
      for (let i = 0; i < starts.length; i++)
        for (let j = i; j < starts.length; j++) {
          const allowed = given.burst + ((starts[j]! - starts[i]!) * given.requests) / given.intervalMs
          expect(j - i + 1).toBeLessThanOrEqual(allowed + tolerance)
        }
    }),
    { numRuns: 300 },
  )
})
