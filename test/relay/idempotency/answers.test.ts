import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IdempotencyResult } from '../../../src/core/observer.ts'
import { Timers } from '../../../src/core/timer-list.ts'
import {
  type Begun,
  type Entry,
  RememberedAnswers,
  type RememberedAnswersOptions,
} from '../../../src/relay/idempotency/answers.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const day = 24 * 60 * 60 * 1_000

const answers = (limits: Omit<RememberedAnswersOptions, 'timers'> = {}) => {
  const clock = new FakeClock()
  const results: string[] = []
  const observer = { idempotency: (result: IdempotencyResult) => void results.push(result) }
  const memory = new RememberedAnswers({ timers: new Timers(clock), ...limits })
  const begin = (key: string, { route = 'shop/orders', print = 'p', ttl = day } = {}): Begun =>
    memory.begin(route, key, print, ttl, observer)
  const hold = (key: string, options?: Parameters<typeof begin>[1]): Entry => {
    const begun = begin(key, options)
    if (begun.kind !== 'new') throw new Error(`${key} is ${begun.kind}`)
    return begun.entry
  }
  const remember = (key: string, options?: Parameters<typeof begin>[1], body = `answer to ${key}`): void =>
    hold(key, options).finish({ status: 201, headers: ['ETag', '"1"'], body: Buffer.from(body) })
  return { clock, memory, results, begin, hold, remember }
}

describe('RememberedAnswers', () => {
  test('repeats the answer of a finished request', () => {
    const { begin, remember, results } = answers()
    remember('k')
    const answer = { status: 201, headers: ['ETag', '"1"'], body: Buffer.from('answer to k') }
    expect(begin('k')).toEqual({ kind: 'replay', answer })
    expect(begin('k').kind).toBe('replay')
    expect(results).toEqual(['stored', 'replayed', 'replayed'])
  })

  test('says that a request is in flight until its entry ends', () => {
    const { begin, hold, results } = answers()
    const entry = hold('k')
    expect(begin('k')).toEqual({ kind: 'in_flight' })
    entry.finish({ status: 200, headers: [], body: Buffer.alloc(0) })
    expect(begin('k').kind).toBe('replay')
    expect(results).toEqual(['in_flight', 'stored', 'replayed'])
  })

  test('tells another payload apart, in flight and finished', () => {
    const { begin, hold, remember, results } = answers()
    hold('flying')
    remember('done')
    expect(begin('flying', { print: 'other' })).toEqual({ kind: 'mismatch' })
    expect(begin('done', { print: 'other' })).toEqual({ kind: 'mismatch' })
    expect(results).toEqual(['stored', 'mismatch', 'mismatch'])
  })

  test('an abandoned key is free again, for another payload too', () => {
    const { begin, hold, results } = answers()
    hold('k').abandon()
    expect(results).toEqual(['unstored'])
    expect(begin('k', { print: 'other' }).kind).toBe('new')
  })

  test('the first of finish and abandon counts', () => {
    const { begin, hold, memory, results } = answers()
    const answer = { status: 200, headers: [], body: Buffer.alloc(0) }
    const finished = hold('finished')
    finished.finish(answer)
    finished.abandon()
    finished.finish(answer)
    const abandoned = hold('abandoned')
    abandoned.abandon()
    const next = hold('abandoned')
    abandoned.finish(answer)
    abandoned.abandon()
    expect(results).toEqual(['stored', 'unstored'])
    expect(begin('finished').kind).toBe('replay')
    expect(begin('abandoned').kind).toBe('in_flight')
    next.abandon()
    expect(memory.figures.entries).toBe(1)
  })

  test('keys of different routes do not meet', () => {
    const { begin, remember } = answers()
    remember('k', { route: 'shop/orders' })
    expect(begin('k', { route: 'shop/carts', print: 'other' }).kind).toBe('new')
  })

  describe('time', () => {
    test('forgets an answer its ttl after it was finished, not after its request began', () => {
      const { clock, begin, hold } = answers()
      const entry = hold('k', { ttl: 1_000 })
      clock.advance(5_000)
      entry.finish({ status: 200, headers: [], body: Buffer.alloc(0) })
      clock.advance(999)
      expect(begin('k').kind).toBe('replay')
      clock.advance(1)
      expect(begin('k').kind).toBe('new')
    })

    test('short and long lives side by side end each at their own time, without a request', () => {
      const { clock, memory, remember, results } = answers()
      remember('long', { ttl: day })
      remember('short', { ttl: 1_000 })
      clock.advance(1_000)
      expect(memory.figures.entries).toBe(1)
      clock.advance(day)
      expect(memory.figures).toEqual({ entries: 0, bytes: 0 })
      expect(results).toEqual(['stored', 'stored'])
    })

    test('holds no timer per answer', () => {
      const { clock, remember } = answers()
      for (let i = 0; i < 100; i++) remember(`k${i}`)
      expect(clock.armed).toBe(1)
    })

    test('an answer whose timer is late is not repeated', () => {
      const { clock, memory, remember, begin } = answers()
      clock.after = () => () => {}
      remember('k', { ttl: 1_000 })
      clock.advance(1_000)
      expect(begin('k').kind).toBe('new')
      expect(memory.figures).toEqual({ entries: 0, bytes: 0 })
    })

    test('a request in flight is held for as long as it takes', () => {
      const { clock, begin, hold } = answers()
      hold('k', { ttl: 1_000 })
      clock.advance(day)
      expect(begin('k').kind).toBe('in_flight')
    })
  })

  describe('room', () => {
    test('forgets the oldest answer beyond maxEntries and tells', () => {
      const { memory, begin, remember, results } = answers({ maxEntries: 2 })
      for (const key of ['a', 'b', 'c']) remember(key)
      expect(memory.figures.entries).toBe(2)
      expect(results).toEqual(['stored', 'stored', 'stored', 'evicted'])
      expect(begin('b').kind).toBe('replay')
      expect(begin('c').kind).toBe('replay')
      expect(begin('a').kind).toBe('new')
    })

    test('oldest is whose answer came first, and being repeated keeps nobody young', () => {
      const { begin, hold, remember } = answers({ maxEntries: 2 })
      const slow = hold('slow')
      remember('a')
      slow.finish({ status: 200, headers: [], body: Buffer.alloc(0) })
      begin('a')
      remember('b')
      expect(begin('slow').kind).toBe('replay')
      expect(begin('a').kind).toBe('new')
    })

    test('requests in flight neither count nor go', () => {
      const { begin, hold, remember } = answers({ maxEntries: 1 })
      for (const key of ['x', 'y', 'z']) hold(key)
      remember('a')
      expect(begin('a').kind).toBe('replay')
      for (const key of ['x', 'y', 'z']) expect(begin(key).kind).toBe('in_flight')
    })

    test('forgets as many as a large answer needs, and no more', () => {
      const { begin, remember } = answers({ maxBytes: 40_000 })
      for (const key of ['a', 'b', 'c']) remember(key, {}, 'x'.repeat(9_000))
      remember('large', {}, 'x'.repeat(15_000))
      expect(begin('large').kind).toBe('replay')
      expect(begin('c').kind).toBe('replay')
      expect(begin('b').kind).toBe('replay')
      expect(begin('a').kind).toBe('new')
    })

    test('an answer that has no room by itself costs the others nothing', () => {
      const { memory, begin, remember, results } = answers({ maxBytes: 10_000 })
      remember('a')
      const before = memory.figures
      remember('huge', {}, 'x'.repeat(10_000))
      expect(memory.figures).toEqual(before)
      expect(results).toEqual(['stored', 'unstored'])
      expect(begin('huge').kind).toBe('new')
      expect(begin('a').kind).toBe('replay')
    })

    test('body, headers and key count, and some for what holds them', () => {
      const bytesOf = (key: string, header: string, body: number): number => {
        const { memory, hold } = answers()
        hold(key).finish({ status: 200, headers: ['X', header], body: Buffer.alloc(body) })
        return memory.figures.bytes
      }
      const least = bytesOf('k', '', 0)
      expect(least).toBeGreaterThan(500)
      expect(bytesOf('k'.repeat(101), '', 0) - least).toBe(100)
      expect(bytesOf('k', 'h'.repeat(100), 0) - least).toBe(100)
      expect(bytesOf('k', '', 100) - least).toBe(100)
    })

    test('the time of an answer that had to go does not end the next one with its key', () => {
      const { clock, memory, begin, remember } = answers({ maxEntries: 1 })
      remember('a', { ttl: 1_000 })
      remember('b', { ttl: 1_000 })
      clock.advance(500)
      remember('a', { ttl: 1_000 })
      const before = memory.figures
      clock.advance(500)
      expect(memory.figures).toEqual(before)
      expect(begin('a').kind).toBe('replay')
    })
  })

  test('whatever happens, the bounds hold and the bytes are given back', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 9 }),
      what: fc.constantFrom('begin', 'finish', 'abandon', 'wait'),
      size: fc.integer({ min: 0, max: 4_000 }),
      ttl: fc.constantFrom(1_000, 60_000),
    })
    const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { clock, memory, begin } = answers({ maxEntries: 4, maxBytes: 10_000 })
      const held = new Map<number, Entry>()
      for (const { key, what, size, ttl } of steps) {
        const entry = held.get(key)
        if (what === 'wait') clock.advance(size)
        else if (what === 'begin') {
          const begun = begin(String(key), { ttl })
          if (entry) expect(begun.kind).toBe('in_flight')
          else expect(begun.kind).not.toBe('in_flight')
          if (begun.kind === 'new') held.set(key, begun.entry)
        } else if (entry) {
          if (what === 'finish') entry.finish({ status: 200, headers: [], body: Buffer.alloc(size) })
          else entry.abandon()
          held.delete(key)
        }
        const { entries, bytes } = memory.figures
        expect(entries).toBeLessThanOrEqual(4)
        expect(bytes).toBeLessThanOrEqual(10_000)
        expect(bytes > 0).toBe(entries > 0)
      }
      clock.advance(60_000)
      expect(memory.figures).toEqual({ entries: 0, bytes: 0 })
    })
    fc.assert(property, { numRuns: 200 })
  })
})
