import { totalmem } from 'node:os'
import { describe, expect, test, vi } from 'vitest'
import { Budget } from '../../src/relay/budget.ts'
import { MemoryGuard, type MemoryLevel } from '../../src/serve/memory-guard.ts'
import { defaultMaxBufferedBytes, garbageCollector, memoryLimit } from '../../src/serve/memory-guard-limit.ts'
import { FakeClock } from '../support/fake-clock.ts'

const startGuard = (limitBytes = 1000) => {
  const clock = new FakeClock()
  const rss = vi.fn(() => 0)
  const collect = vi.fn()
  const changes: MemoryLevel[] = []
  const guard = new MemoryGuard({ limitBytes, clock, rss, collect, onChange: level => changes.push(level) })
  return { clock, rss, collect, changes, guard }
}

describe('level of memory', () => {
  test.each([
    [849, 'free'],
    [850, 'tight'],
    [949, 'tight'],
    [950, 'exhausted'],
  ])('%i of 1000 bytes resident is %s', (bytes, level) => {
    const { guard, rss } = startGuard()
    rss.mockReturnValue(bytes)
    expect(guard.level).toBe(level)
  })

  test('falls by itself, well below where it rose, after a second', () => {
    const { guard, rss, clock, changes } = startGuard()
    rss.mockReturnValue(960)
    expect(guard.takesRequests).toBe(false)
    rss.mockReturnValue(910)
    clock.advance(5_000)
    expect(changes).toEqual(['exhausted'])
    rss.mockReturnValue(820)
    clock.advance(900)
    expect(changes).toEqual(['exhausted'])
    clock.advance(200)
    expect(changes).toEqual(['exhausted', 'tight'])
    rss.mockReturnValue(790)
    clock.advance(1_100)
    expect(changes).toEqual(['exhausted', 'tight', 'free'])
    expect(clock.armed).toBe(0)
  })

  test('is looked at ten times a second, more often near the limit, and not at all without requests', () => {
    const { guard, rss, clock } = startGuard()
    rss.mockReturnValue(100)
    for (let ms = 0; ms < 1_000; ms++) {
      void guard.level
      clock.advance(1)
    }
    expect(rss).toHaveBeenCalledTimes(10)
    rss.mockClear().mockReturnValue(700)
    for (let ms = 0; ms < 1_000; ms++) {
      void guard.level
      clock.advance(1)
    }
    expect(rss).toHaveBeenCalledTimes(100)
    rss.mockClear()
    clock.advance(60_000)
    expect(rss).not.toHaveBeenCalled()
  })

  test('while it is scarce, garbage is collected, at most once a second', () => {
    const { guard, rss, clock, collect } = startGuard()
    void guard.level
    expect(collect).not.toHaveBeenCalled()
    rss.mockReturnValue(900)
    clock.advance(100)
    void guard.level
    clock.advance(2_950)
    expect(collect).toHaveBeenCalledTimes(3)
  })

  test('without a limit nothing is looked at and all is taken', () => {
    const { guard, rss } = startGuard(0)
    expect([guard.takesBodies, guard.takesRequests]).toEqual([true, true])
    expect(rss).not.toHaveBeenCalled()
  })
})

test('tight memory refuses new bodies and copies, but what requests hold may grow; exhausted, all requests', () => {
  const { guard, rss, clock } = startGuard()
  const budget = new Budget({ maxInFlight: 10, maxBufferedBytes: 1000 }, guard)
  const rooms = () => {
    const { hasRoomForRequest, hasRoomForCopies } = budget
    return [hasRoomForRequest, budget.hasRoomForBody(0), hasRoomForCopies, budget.hasRoomFor(1000)]
  }
  expect(rooms()).toEqual([true, true, true, true])
  expect(budget.hasRoomForBody(1001)).toBe(false)
  rss.mockReturnValue(850)
  clock.advance(100)
  expect(rooms()).toEqual([true, false, false, true])
  rss.mockReturnValue(950)
  clock.advance(100)
  expect(rooms()).toEqual([false, false, false, true])
})

test('bodies may take a quarter of the limit, at most 256 MiB', () => {
  const mebibyte = 1024 * 1024
  expect(defaultMaxBufferedBytes(256 * mebibyte)).toBe(64 * mebibyte)
  expect(defaultMaxBufferedBytes(8192 * mebibyte)).toBe(256 * mebibyte)
  expect(defaultMaxBufferedBytes(0)).toBe(256 * mebibyte)
})

test('a limit beyond what the machine has is none', () => {
  const constrained = vi.spyOn(process, 'constrainedMemory')
  constrained.mockReturnValue(2 ** 63)
  expect(memoryLimit()).toBe(0)
  constrained.mockReturnValue(0)
  expect(memoryLimit()).toBe(0)
  constrained.mockReturnValue(totalmem() - 1)
  expect(memoryLimit()).toBe(totalmem() - 1)
  constrained.mockRestore()
})

test('garbage is really collected', async () => {
  const collect = garbageCollector()
  const gone = new WeakRef({ big: new Uint8Array(1000) })
  await new Promise(resolve => setImmediate(resolve))
  collect()
  expect(gone.deref()).toBeUndefined()
})
