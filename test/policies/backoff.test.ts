import { describe, expect, it } from 'vitest'
import { fullJitterMs } from '../../src/policies/backoff.ts'

const almostOne = 1 - Number.EPSILON
const waits = (random: number, backoffMs = 100, maxBackoffMs = 2000): number[] =>
  [1, 2, 3, 4, 5, 6, 7].map(retry =>
    Math.round(fullJitterMs(retry, { backoffMs, maxBackoffMs, random: () => random })),
  )

describe('full jitter', () => {
  it('doubles its bound with every retry, up to the most it may wait', () => {
    expect(waits(almostOne)).toEqual([100, 200, 400, 800, 1600, 2000, 2000])
  })

  it('waits anything from nothing to the bound', () => {
    expect(waits(0)).toEqual([0, 0, 0, 0, 0, 0, 0])
    expect(waits(0.5)).toEqual([50, 100, 200, 400, 800, 1000, 1000])
  })

  it.each([1, 1024, 1025, 1e9, Number.MAX_SAFE_INTEGER])('stays within its bound at retry %d', retry => {
    const options = { maxBackoffMs: 2000, random: () => almostOne }
    expect(fullJitterMs(retry, { ...options, backoffMs: 0 })).toBe(0)
    expect(fullJitterMs(retry, { ...options, backoffMs: 3.6e11 })).toBeLessThanOrEqual(2000)
    expect(Math.round(fullJitterMs(retry, { ...options, backoffMs: 100 }))).toBe(retry === 1 ? 100 : 2000)
  })
})
