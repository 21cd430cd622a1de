import { describe, expect, it } from 'vitest'
import { found } from '../../src/check/fact.ts'
import { readLeases } from '../../src/check/lease-facts.ts'
import type { LeaseObject } from '../../src/check/objects.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'

const now = Date.parse('2026-11-22T12:00:00Z')
const lease = (renewTime: string, resourceVersion = '1', holderIdentity = 'a'): LeaseObject => ({
  metadata: { name: 'fanout-relay-controller', uid: 'u', resourceVersion },
  spec: { holderIdentity, renewTime },
})

/** What is found out when one reading follows the other; the clock turns as soon as somebody waits. */
const readAll = async (...readings: readonly LeaseObject[]) => {
  const clock = new FakeClock()
  let count = 0
  const reading = readLeases(async () => found([readings[count++]!]), {
    clock,
    wallClock: () => now,
    signal: new AbortController().signal,
  })
  if (readings.length > 1) {
    await eventually(() => expect(clock.armed).toBe(1))
    clock.advance(5_000)
  }
  const fact = await reading
  expect(count).toBe(readings.length)
  return fact.kind === 'found' && fact.value[0]?.isAlive
}

describe('a lease', () => {
  it('that was renewed lately is alive, without a second look', async () => {
    expect(await readAll(lease('2026-11-22T11:59:58.000000Z'))).toBe(true)
  })

  it('that looks old and changes is alive: clocks of machines differ', async () => {
    const old = '2026-11-22T11:30:00.000000Z'
    expect(await readAll(lease(old, '1'), lease('2026-11-22T11:30:04.000000Z', '2'))).toBe(true)
  })

  it('that looks old and does not change is dead', async () => {
    const old = lease('2026-11-22T11:30:00.000000Z')
    expect(await readAll(old, old)).toBe(false)
  })

  it('from the future that does not change is dead', async () => {
    const ahead = lease('2026-11-22T13:00:00.000000Z')
    expect(await readAll(ahead, ahead)).toBe(false)
  })

  it('that nobody holds is dead', async () => {
    expect(await readAll(lease('2026-11-22T12:00:00.000000Z', '1', ''))).toBe(false)
  })
})
