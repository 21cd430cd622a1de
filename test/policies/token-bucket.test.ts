import { describe, expect, test } from 'vitest'
import { TokenBucket, type TokenBucketOptions } from '../../src/policies/token-bucket.ts'
import { FakeClock } from '../support/fake-clock.ts'

const start = (settings: Partial<TokenBucketOptions> = {}) => {
  const clock = new FakeClock()
  const bucket = new TokenBucket({ requests: 10, intervalMs: 1000, burst: 10, now: clock.now, ...settings })
  const takeAll = () => {
    let taken = 0
    while (bucket.reserve(0) >= 0) taken++
    return taken
  }
  return { clock, bucket, takeAll }
}

describe('a token bucket', () => {
  test('starts full and says when the next token comes', () => {
    const { bucket, takeAll } = start({ requests: 10, burst: 25 })
    expect(takeAll()).toBe(25)
    expect(bucket.reserve(0)).toBe(-100)
    expect(bucket.reserve(99)).toBe(-100)
  })

  test('refills evenly, not once an interval', () => {
    const { clock, bucket, takeAll } = start()
    takeAll()
    clock.advance(99)
    expect(bucket.reserve(0)).toBe(-1)
    clock.advance(1)
    expect(bucket.reserve(0)).toBe(0)
    expect(bucket.reserve(0)).toBe(-100)
    clock.advance(350)
    expect(takeAll()).toBe(3)
    expect(bucket.reserve(0)).toBe(-50)
  })

  test('never holds more than its burst', () => {
    const { clock, takeAll } = start({ burst: 4 })
    takeAll()
    clock.advance(3_600_000)
    expect(takeAll()).toBe(4)
  })

  test('hands out tokens that are still to come, in the order of asking', () => {
    const { clock, bucket, takeAll } = start()
    takeAll()
    expect([bucket.reserve(1000), bucket.reserve(1000), bucket.reserve(1000)]).toEqual([100, 200, 300])
    clock.advance(50)
    expect(bucket.reserve(1000)).toBe(350)
    expect(bucket.reserve(0)).toBe(-450)
  })

  test('takes nothing when the wait would be too long', () => {
    const { bucket, takeAll } = start()
    takeAll()
    expect(bucket.reserve(100)).toBe(100)
    expect(bucket.reserve(199)).toBe(-200)
    expect(bucket.reserve(200)).toBe(200)
    expect(bucket.reserve(Number.POSITIVE_INFINITY)).toBe(300)
  })

  test('a deadline that has passed gets a token that is there', () => {
    const { bucket, takeAll } = start({ burst: 1 })
    expect(bucket.reserve(-5)).toBe(0)
    expect(takeAll()).toBe(0)
    expect(bucket.reserve(-5)).toBe(-100)
  })

  test('a token that was given back is there again', () => {
    const { bucket, takeAll } = start()
    takeAll()
    expect(bucket.reserve(1000)).toBe(100)
    bucket.giveBack()
    expect(bucket.reserve(1000)).toBe(100)
    bucket.giveBack()
    bucket.giveBack()
    expect(bucket.reserve(0)).toBe(0)
  })

  test('giving back fills it no higher than its burst', () => {
    const { clock, bucket, takeAll } = start({ burst: 2 })
    bucket.reserve(0)
    clock.advance(1000)
    bucket.giveBack()
    bucket.giveBack()
    expect(takeAll()).toBe(2)
  })

  test('a long time of full load at a rate that no millisecond divides add up to what was configured', () => {
    // A second token of room, so that the bucket is never full between two questions.
    const { clock, bucket, takeAll } = start({ requests: 7, burst: 2 })
    takeAll()
    let tokens = 0
    for (let ms = 0; ms < 1_000_000; ms++) {
      clock.advance(1)
      while (bucket.reserve(0) === 0) tokens++
    }
    expect(tokens).toBe(7000)
  })

  test('a million tokens taken ahead come when they should', () => {
    const { bucket, takeAll } = start({ requests: 3, burst: 1 })
    takeAll()
    let last = 0
    for (let i = 0; i < 1_000_000; i++) last = bucket.reserve(Number.POSITIVE_INFINITY)
    expect(last).toBeCloseTo(1_000_000_000 / 3, 6)
  })
})
