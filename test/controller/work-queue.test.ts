import { beforeEach, describe, expect, it } from 'vitest'
import { WorkQueue } from '../../src/controller/work-queue.ts'
import { FakeClock } from '../support/fake-clock.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

describe('the work queue', () => {
  let clock: FakeClock
  let started: { readonly key: string; readonly end: (error?: Error) => void }[]
  let queue: WorkQueue

  beforeEach(() => {
    clock = new FakeClock()
    started = []
    queue = new WorkQueue({
      clock,
      concurrency: 2,
      random: () => 0,
      work: key =>
        new Promise((resolve, reject) =>
          started.push({ key, end: error => (error ? reject(error) : resolve()) }),
        ),
    })
  })
  const keys = () => started.map(({ key }) => key)

  it('works once on what is added many times', () => {
    for (let i = 0; i < 5; i++) queue.add('a')
    clock.advance(50)
    expect(keys()).toEqual(['a'])
  })

  it('works again on what is added while it is worked on, and never twice at once', async () => {
    queue.add('a')
    clock.advance(50)
    queue.add('a')
    clock.advance(50)
    expect(keys()).toEqual(['a'])
    started[0]!.end()
    await settle()
    expect(keys()).toEqual(['a', 'a'])
  })

  it('works on no more at once than it may', async () => {
    for (const key of ['a', 'b', 'c']) queue.add(key)
    clock.advance(50)
    expect(keys()).toEqual(['a', 'b'])
    started[1]!.end()
    await settle()
    expect(keys()).toEqual(['a', 'b', 'c'])
    expect(queue.size).toBe(2)
  })

  it('waits longer with each failure in a row, up to a bound, and forgets them with a success', async () => {
    queue.add('a')
    clock.advance(50)
    const waits: number[] = []
    for (let failures = 0; failures < 10; failures++) {
      started.at(-1)!.end(new Error('no'))
      await settle()
      const before = clock.now()
      const count = started.length
      while (started.length === count) clock.advance(10)
      waits.push(clock.now() - before)
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
    started.at(-1)!.end()
    await settle()
    queue.add('a')
    clock.advance(50)
    started.at(-1)!.end(new Error('no'))
    await settle()
    const count = started.length
    clock.advance(250)
    expect(started.length).toBe(count + 1)
  })

  it('does not make a change wait for the pause after a failure', async () => {
    queue.add('a')
    clock.advance(50)
    for (let failures = 0; failures < 8; failures++) {
      started.at(-1)!.end(new Error('no'))
      await settle()
      clock.advance(30_000)
    }
    started.at(-1)!.end(new Error('no'))
    await settle()
    const count = started.length
    queue.add('a')
    clock.advance(500)
    expect(started.length).toBe(count + 1)
  })

  it('starts nothing once it is stopped', async () => {
    queue.add('a')
    queue.stop()
    queue.add('b')
    clock.advance(1_000)
    expect([keys(), clock.armed]).toEqual([[], 0])
  })
})
