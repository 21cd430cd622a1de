import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countRequests, RetryBudget } from '../../src/policies/retry-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { legContext, legRequest } from './support/legs.ts'
import { scriptedCall } from './support/scripted-call.ts'

const start = (percent = 20, minPerSecond = 10) => {
  const clock = new FakeClock()
  const budget = new RetryBudget({ percent, minPerSecond, now: clock.now })
  const spendAll = (): number => {
    let spent = 0
    while (budget.spend()) spent++
    return spent
  }
  const request = (times: number): void => {
    for (let i = 0; i < times; i++) budget.request()
  }
  return { clock, budget, spendAll, request }
}

describe('RetryBudget', () => {
  it('allows minPerSecond retries where there is little traffic', () => {
    const { clock, spendAll } = start()
    expect(spendAll()).toBe(10)
    clock.advance(999)
    expect(spendAll()).toBe(0)
    clock.advance(101)
    expect(spendAll()).toBe(10)
  })

  it('allows the percentage of the first tries on top', () => {
    const { spendAll, request } = start()
    request(100)
    expect(spendAll()).toBe(30)
  })

  it('never rounds up: one in five needs five', () => {
    const { spendAll, request } = start(20, 0)
    request(4)
    expect(spendAll()).toBe(0)
    request(1)
    expect(spendAll()).toBe(1)
  })

  it('forgets first tries after a second', () => {
    const { clock, spendAll, request } = start(100, 0)
    request(50)
    clock.advance(899)
    expect(spendAll()).toBe(50)
    request(50)
    clock.advance(1000)
    expect(spendAll()).toBe(0)
  })

  it('allows nothing at all with 0 percent and no minimum', () => {
    const { spendAll, request } = start(0, 0)
    request(1000)
    expect(spendAll()).toBe(0)
  })

  it('starts afresh after a long silence', () => {
    const { clock, spendAll, request } = start()
    request(1000)
    spendAll()
    clock.advance(1e9)
    expect(spendAll()).toBe(10)
  })
})

interface Arrival {
  readonly waitMs: number
  readonly firstTries: number
  readonly wanted: number
}

const arrivals: fc.Arbitrary<Arrival[]> = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.nat(30), fc.nat(400), fc.nat(3000), fc.double({ min: 0, max: 150, noNaN: true })),
    firstTries: fc.nat(40),
    wanted: fc.nat(60),
  }),
  { maxLength: 60 },
)

/** Plays the arrivals and tells the model of each retry that was asked for. */
const play = (
  steps: readonly Arrival[],
  { percent, minPerSecond }: { percent: number; minPerSecond: number },
  asked: (allowed: boolean, now: number, firsts: readonly number[], retries: readonly number[]) => void,
): { firsts: number; retries: number; spanMs: number } => {
  const { clock, budget } = start(percent, minPerSecond)
  const begin = clock.now()
  const firsts: number[] = []
  const retries: number[] = []
  for (const { waitMs, firstTries, wanted } of steps) {
    clock.advance(waitMs)
    const now = clock.now()
    for (let i = 0; i < firstTries; i++) {
      budget.request()
      firsts.push(now)
    }
    for (let i = 0; i < wanted; i++) {
      const allowed = budget.spend()
      asked(allowed, now, firsts, retries)
      if (allowed) retries.push(now)
    }
  }
  return { firsts: firsts.length, retries: retries.length, spanMs: clock.now() - begin }
}

const settings = fc.record({ percent: fc.integer({ min: 0, max: 100 }), minPerSecond: fc.nat(15) })
const later = (times: readonly number[], instant: number): number =>
  times.filter(time => time > instant).length

describe('whatever the traffic', () => {
  it('retries of the last second stay within percent of its first tries and the minimum', () => {
    fc.assert(
      fc.property(arrivals, settings, (steps, rule) => {
        play(steps, rule, (allowed, now, firsts, retries) => {
          if (!allowed) return
          const bound = (rule.percent * later(firsts, now - 1000)) / 100 + rule.minPerSecond
          expect(later(retries, now - 1000) + 1).toBeLessThanOrEqual(bound + 1e-9)
        })
      }),
      { numRuns: 150 },
    )
  })

  it('counts in slots of 100 ms as a list of timestamps does', () => {
    fc.assert(
      fc.property(arrivals, settings, (steps, rule) => {
        play(steps, rule, (allowed, now, firsts, retries) => {
          const slot = Math.floor(now / 100) * 100
          const first = firsts.filter(time => time >= slot - 900).length
          const booked = retries.filter(time => time >= slot - 1000).length
          expect(allowed).toBe(100 * (booked + 1) <= rule.percent * first + 100 * rule.minPerSecond)
        })
      }),
      { numRuns: 150 },
    )
  })

  it('with everything failing, tries stay within 1.2 times the first tries and the minimum a second', () => {
    fc.assert(
      fc.property(arrivals, steps => {
        const endless = steps.map(step => ({ ...step, wanted: 500 }))
        const { firsts, retries, spanMs } = play(endless, { percent: 20, minPerSecond: 10 }, () => {})
        expect(firsts + retries).toBeLessThanOrEqual(1.2 * firsts + 10 * (Math.floor(spanMs / 1000) + 1))
      }),
      { numRuns: 100 },
    )
  })
})

it('countRequests counts the first tries of a leg that does not retry, and changes nothing', async () => {
  const { clock, budget, spendAll } = start(100, 0)
  const { call, tries } = scriptedCall(clock, [{ status: 503 }])
  const counted = countRequests(budget)(call)
  const outcomes = [await counted(legRequest(), legContext()), await counted(legRequest(), legContext())]
  expect(outcomes.map(({ kind }) => kind)).toEqual(['response', 'response'])
  expect([tries.length, spendAll()]).toEqual([2, 2])
})
