import { beforeEach, describe, expect, it } from 'vitest'
import { RelayPoller } from '../../src/controller/relay-poller.ts'
import type { Relay } from '../../src/controller/relays.ts'
import { FakeClock } from '../support/fake-clock.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}
const relay = (uid: string, namespace = 'shop'): Relay => ({
  uid,
  namespace,
  pod: uid,
  ip: '10.0.0.1',
  port: 4782,
  labels: {},
  workload: { kind: 'Pod', name: uid },
})

describe('the poller', () => {
  let clock: FakeClock
  let answer: () => Promise<ReadonlyMap<string, number>>
  let asked: string[]
  let changes: string[]
  let poller: RelayPoller
  const generations = (generation: number) => async () => new Map([['shop/orders', generation]])

  beforeEach(() => {
    clock = new FakeClock()
    asked = []
    changes = []
    answer = generations(1)
    poller = new RelayPoller({
      clock,
      concurrency: 2,
      random: () => 0.5,
      ask: ({ uid }) => {
        asked.push(uid)
        return answer()
      },
      onChange: namespace => changes.push(namespace),
    })
  })
  const pass = async (ms: number): Promise<void> => {
    await settle()
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      await settle()
    }
  }

  it('asks a new relay at once, often at first and then seldom', async () => {
    poller.set(relay('a'))
    expect(poller.asked('a')?.answer).toEqual({ kind: 'pending' })
    await settle()
    expect(poller.asked('a')?.answer).toEqual({
      kind: 'answered',
      generations: new Map([['shop/orders', 1]]),
    })
    await pass(16_000)
    expect(asked.length).toBe(7)
    await pass(60_000)
    expect(asked.length).toBe(11)
  })

  it('tells of answers that differ, and of no others', async () => {
    poller.set(relay('a'))
    await pass(60_000)
    expect(changes).toEqual(['shop'])
    answer = generations(2)
    await pass(15_000)
    expect(changes).toEqual(['shop', 'shop'])
  })

  it('hurries for a namespace whose routes changed, and for no other', async () => {
    poller.set(relay('a'))
    poller.set(relay('b', 'other'))
    await pass(90_000)
    asked = []
    poller.hurry('shop')
    await pass(300)
    expect(asked).toEqual(['a'])
  })

  it('forgives one failure, and two make a relay unreachable until it answers', async () => {
    poller.set(relay('a'))
    await settle()
    answer = () => Promise.reject(new Error('no answer'))
    await pass(250)
    expect(poller.asked('a')?.answer.kind).toBe('answered')
    await pass(1_000)
    expect(poller.asked('a')?.answer.kind).toBe('unreachable')
    answer = generations(1)
    await pass(5_000)
    expect(poller.asked('a')?.answer.kind).toBe('answered')
    expect(changes).toEqual(['shop', 'shop', 'shop'])
  })

  it('asks no more relays at once than it may', async () => {
    let release = (): void => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    answer = async () => {
      await gate
      return new Map()
    }
    for (const uid of ['a', 'b', 'c']) poller.set(relay(uid))
    await settle()
    expect(asked).toEqual(['a', 'b'])
    release()
    await settle()
    expect(asked).toEqual(['a', 'b', 'c'])
  })

  it('begins anew for a relay at another address, and forgets one that is gone', async () => {
    poller.set(relay('a'))
    await settle()
    poller.set({ ...relay('a'), ip: '10.0.0.2' })
    expect(poller.asked('a')?.answer.kind).toBe('pending')
    await settle()
    poller.set({ ...relay('a'), ip: '10.0.0.2', labels: { tier: 'web' } })
    expect(poller.asked('a')).toMatchObject({ answer: { kind: 'answered' }, labels: { tier: 'web' } })
    poller.delete('a')
    expect(poller.asked('a')).toBeUndefined()
    expect(clock.armed).toBe(0)
  })
})
