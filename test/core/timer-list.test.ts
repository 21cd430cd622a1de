import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Timed, TimerList, Timers } from '../../src/core/timer-list.ts'
import { FakeClock } from '../support/fake-clock.ts'

class Alarm extends Timed {
  readonly rang: number[] = []
  readonly #clock: FakeClock
  readonly #then: () => void

  constructor(clock: FakeClock, then: () => void = () => {}) {
    super()
    this.#clock = clock
    this.#then = then
  }

  override onTimeout(): void {
    this.rang.push(this.#clock.now())
    this.#then()
  }
}

const start = (durationMs = 100) => {
  const clock = new FakeClock()
  const list = new TimerList(clock, durationMs)
  return { clock, list, begin: clock.now() }
}

describe('TimerList', () => {
  test('calls back once, after the duration and not before', () => {
    const { clock, list, begin } = start()
    const alarm = new Alarm(clock)
    list.start(alarm, clock.now())
    clock.advance(99)
    expect(alarm.rang).toEqual([])
    clock.advance(1000)
    expect(alarm.rang).toEqual([begin + 100])
  })

  test('one system timer serves them all', () => {
    const { clock, list } = start()
    for (let i = 0; i < 50; i++) list.start(new Alarm(clock), clock.now())
    expect(clock.armed).toBe(1)
    clock.advance(100)
    expect(clock.armed).toBe(0)
  })

  test('what was stopped stays silent, wherever it stood', () => {
    const { clock, list } = start()
    const alarms = Array.from({ length: 5 }, () => new Alarm(clock))
    for (const alarm of alarms) list.start(alarm, clock.now())
    for (const i of [0, 2, 4]) list.stop(alarms[i]!)
    clock.advance(100)
    expect(alarms.map(({ rang }) => rang.length)).toEqual([0, 1, 0, 1, 0])
  })

  test('stopping twice, or what never began, or what rang, does nothing', () => {
    const { clock, list } = start()
    const [a, b, c] = [new Alarm(clock), new Alarm(clock), new Alarm(clock)]
    list.start(a, clock.now())
    list.start(b, clock.now())
    list.stop(a)
    list.stop(a)
    list.stop(c)
    clock.advance(100)
    list.stop(b)
    expect([a.rang.length, b.rang.length, c.rang.length]).toEqual([0, 1, 0])
  })

  test('a callback may stop others and start new ones', () => {
    const { clock, list, begin } = start()
    const later = new Alarm(clock)
    const victim = new Alarm(clock)
    const first = new Alarm(clock, () => {
      list.stop(victim)
      list.start(later, clock.now())
    })
    list.start(first, clock.now())
    list.start(victim, clock.now())
    clock.advance(100)
    expect([victim.rang, later.rang]).toEqual([[], []])
    clock.advance(100)
    expect(later.rang).toEqual([begin + 200])
  })

  test('a callback that throws does not silence those after it', () => {
    const { clock, list } = start()
    const after = new Alarm(clock)
    const broken = new Alarm(clock, () => {
      throw new Error('defect')
    })
    list.start(broken, clock.now())
    list.start(after, clock.now())
    expect(() => clock.advance(100)).toThrow('defect')
    clock.advance(100)
    expect(after.rang.length).toBe(1)
  })

  test('whatever is started and stopped, what is left rings on time', () => {
    const step = fc.record({ wait: fc.nat(60), stop: fc.option(fc.nat(30)) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const { clock, list } = start()
        const due = new Map<Alarm, number>()
        const alarms: Alarm[] = []
        for (const { wait, stop } of steps) {
          clock.advance(wait)
          const alarm = new Alarm(clock)
          alarms.push(alarm)
          list.start(alarm, clock.now())
          due.set(alarm, clock.now() + 100)
          const victim = stop === null ? undefined : alarms[stop]
          if (victim && victim.rang.length === 0) {
            list.stop(victim)
            due.delete(victim)
          }
        }
        clock.advance(200)
        for (const alarm of alarms) expect(alarm.rang).toEqual(due.has(alarm) ? [due.get(alarm)] : [])
        expect(clock.armed).toBe(0)
      }),
    )
  })
})

test('Timers keep one list a duration, and none for 0', () => {
  const timers = new Timers(new FakeClock())
  expect(timers.forDuration(0)).toBeUndefined()
  expect(timers.forDuration(5)).toBe(timers.forDuration(5))
  expect(timers.forDuration(5)).not.toBe(timers.forDuration(6))
})

test('Timers are bounded when durations are ever new, and what waits in a forgotten list still rings', () => {
  const clock = new FakeClock()
  const timers = new Timers(clock)
  const begin = clock.now()
  const [before, after] = [new Alarm(clock), new Alarm(clock)]
  timers.forDuration(60_000)!.start(before, clock.now())
  for (let edit = 1; edit <= 5_000; edit++) timers.forDuration(edit)
  expect(timers.size).toBeLessThanOrEqual(1_000)
  clock.advance(10)
  timers.forDuration(60_000)!.start(after, clock.now())
  clock.advance(60_000)
  expect([before.rang, after.rang]).toEqual([[begin + 60_000], [begin + 60_010]])
})

test('Timers keep the lists that were made last', () => {
  const timers = new Timers(new FakeClock())
  for (let edit = 1; edit <= 5_000; edit++) timers.forDuration(edit)
  const kept = timers.forDuration(4_500)
  for (let edit = 5_001; edit <= 5_400; edit++) timers.forDuration(edit)
  expect(timers.forDuration(4_500)).toBe(kept)
})

test('waits longer than a system timer can, a piece at a time', () => {
  const waits: number[] = []
  let now = 0
  let callback = (): void => {}
  const clock = {
    now: () => now,
    after: (ms: number, then: () => void) => {
      waits.push(ms)
      callback = then
      return () => {}
    },
  }
  const month = 30 * 24 * 3_600_000
  const ended: string[] = []
  class Entry extends Timed {
    override onTimeout(): void {
      ended.push('ended')
    }
  }
  new TimerList(clock, month).start(new Entry(), 0)
  now = waits[0]!
  callback()
  expect([Math.max(...waits) < 2 ** 31, ended]).toEqual([true, []])
  now = month
  callback()
  expect(ended).toEqual(['ended'])
})

test('one that is started again in its own callback delays nobody who was waiting', () => {
  const { clock, list, begin } = start()
  const again: Alarm = new Alarm(clock, () => list.start(again, clock.now()))
  const other = new Alarm(clock)
  list.start(again, clock.now())
  clock.advance(30)
  list.start(other, clock.now())
  clock.advance(100)
  expect(other.rang).toEqual([begin + 130])
})
