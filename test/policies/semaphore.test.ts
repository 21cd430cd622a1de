import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Semaphore } from '../../src/policies/semaphore.ts'
import { Waiter } from '../../src/policies/waiter-queue.ts'

class Named extends Waiter {
  readonly #onGo: () => void

  constructor(onGo: () => void) {
    super()
    this.#onGo = onGo
  }

  override go(): void {
    this.#onGo()
  }
}

const start = (maxParallel: number, maxPending: number) => {
  const semaphore = new Semaphore({ maxParallel, maxPending })
  const went: string[] = []
  const wait = (name: string) => {
    const waiter = new Named(() => went.push(name))
    semaphore.enqueue(waiter)
    return waiter
  }
  return { semaphore, went, wait }
}

describe('a semaphore', () => {
  test('has so many slots and so many places to wait', () => {
    const { semaphore, wait } = start(2, 1)
    expect([semaphore.tryAcquire(), semaphore.tryAcquire(), semaphore.tryAcquire()]).toEqual([
      true,
      true,
      false,
    ])
    expect(semaphore.isQueueFull).toBe(false)
    wait('a')
    expect(semaphore.isQueueFull).toBe(true)
    expect([semaphore.inUse, semaphore.pending]).toEqual([2, 1])
  })

  test('without places to wait is full at once', () => {
    const { semaphore } = start(1, 0)
    expect(semaphore.isQueueFull).toBe(true)
  })

  test('gives a slot to who has waited longest, before release returns', () => {
    const { semaphore, went, wait } = start(1, 3)
    semaphore.tryAcquire()
    for (const name of ['a', 'b', 'c']) wait(name)
    semaphore.release()
    expect(went).toEqual(['a'])
    semaphore.release()
    semaphore.release()
    expect(went).toEqual(['a', 'b', 'c'])
    expect(semaphore.inUse).toBe(1)
    semaphore.release()
    expect(semaphore.inUse).toBe(0)
  })

  test('is not overtaken by who comes while another is given the slot', () => {
    const { semaphore, went, wait } = start(1, 3)
    semaphore.tryAcquire()
    let overtook: boolean | undefined
    semaphore.enqueue(
      new Named(() => {
        overtook = semaphore.tryAcquire()
      }),
    )
    wait('b')
    semaphore.release()
    expect(overtook).toBe(false)
    expect(went).toEqual([])
  })

  test.each([0, 1, 2])('forgets a waiter that leaves from place %i', place => {
    const { semaphore, went, wait } = start(1, 3)
    semaphore.tryAcquire()
    const waiters = ['a', 'b', 'c'].map(wait)
    semaphore.leave(waiters[place]!)
    semaphore.leave(waiters[place]!)
    expect(semaphore.pending).toBe(2)
    for (let i = 0; i < 3; i++) semaphore.release()
    expect(went).toEqual(['a', 'b', 'c'].filter((_, i) => i !== place))
    expect(semaphore.inUse).toBe(0)
  })

  test('of another does not lose its waiter', () => {
    const { semaphore, wait } = start(1, 3)
    semaphore.tryAcquire()
    const waiter = wait('a')
    start(1, 1).semaphore.leave(waiter)
    expect(semaphore.pending).toBe(1)
  })
})

test('random orders of acquiring, leaving and releasing lose no slot and keep the order', () => {
  const step = fc.record({ do: fc.constantFrom('acquire', 'acquire', 'leave', 'release'), pick: fc.nat() })
  const sizes = fc.record({
    maxParallel: fc.integer({ min: 1, max: 4 }),
    maxPending: fc.nat({ max: 5 }),
  })
  fc.assert(
    fc.property(sizes, fc.array(step, { maxLength: 120 }), ({ maxParallel, maxPending }, steps) => {
      const semaphore = new Semaphore({ maxParallel, maxPending })
      let held = 0
      const queue: { waiter: Waiter; went: boolean }[] = []
      for (const { do: action, pick } of steps) {
        if (action === 'acquire') {
          const free = held < maxParallel
          expect(semaphore.tryAcquire()).toBe(free)
          if (free) held++
          else if (queue.length < maxPending) {
            expect(semaphore.isQueueFull).toBe(false)
            const entry = { waiter: new Named(() => (entry.went = true)), went: false }
            queue.push(entry)
            semaphore.enqueue(entry.waiter)
          } else expect(semaphore.isQueueFull).toBe(true)
        } else if (action === 'leave' && queue.length > 0) {
          const [left] = queue.splice(pick % queue.length, 1)
          semaphore.leave(left!.waiter)
        } else if (action === 'release' && held > 0) {
          const next = queue.shift()
          semaphore.release()
          if (next) expect(next.went).toBe(true)
          else held--
        }
        expect(queue.every(({ went }) => !went)).toBe(true)
        expect([semaphore.inUse, semaphore.pending]).toEqual([held, queue.length])
      }
    }),
    { numRuns: 300 },
  )
})
