import { expect, it } from 'vitest'
import { runElected } from '../../src/controller/leader.ts'
import type { LeaseObject, LeaseSpec } from '../../src/controller/lease.ts'
import { FakeClock } from '../support/fake-clock.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

/** One candidate, the lease that it writes, and a wall clock that goes with its own. */
const elect = async (found?: LeaseSpec) => {
  const clock = new FakeClock()
  const deadlines: string[] = []
  const specs: LeaseSpec[] = []
  const leaseOf = (spec: LeaseSpec): LeaseObject => ({
    metadata: { name: 'lease', namespace: 'system', resourceVersion: String(specs.length) },
    spec,
  })
  let stored = found && leaseOf(found)
  const signal = new AbortController()
  const nothing = () => {}
  const running = runElected(
    {
      lease: {
        read: async deadlineMs => {
          deadlines.push(`read ${deadlineMs}`)
          return stored
        },
        write: async (spec, _over, deadlineMs) => {
          deadlines.push(`write ${deadlineMs}`)
          specs.push(spec)
          stored = leaseOf(spec)
          return stored
        },
      },
      identity: 'a',
      clock,
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      random: () => 0.5,
      wallClock: () => Date.UTC(2026, 0, 1) + clock.now() - 1_000,
    },
    term => new Promise(resolve => term.addEventListener('abort', () => resolve())),
    signal.signal,
  )
  const pass = async (ms: number) => {
    clock.advance(ms)
    await settle()
  }
  const stop = async () => {
    signal.abort()
    await running
  }
  await settle()
  return { deadlines, specs, pass, stop }
}

it('says since when somebody leads, and when that was last renewed', async () => {
  const { specs, pass, stop } = await elect()
  await pass(2_000)
  await pass(2_000)
  const times = specs.map(({ acquireTime, renewTime }) => [acquireTime, renewTime])
  expect(times).toEqual([
    ['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'],
    ['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:02.000000Z'],
    ['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:04.000000Z'],
  ])
  await stop()
})

it('begins a time of its own when it takes the lease over', async () => {
  const acquireTime = '2025-12-31T00:00:00.000000Z'
  const { specs, stop } = await elect({ holderIdentity: '', acquireTime, leaseTransitions: 3 })
  expect(specs).toMatchObject([{ acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 }])
  await stop()
})

it('waits for an answer no longer than half the time in which it has to renew, and 2 s when it stops', async () => {
  const { deadlines, pass, stop } = await elect()
  await pass(2_000)
  await stop()
  expect(deadlines).toEqual(['read 5000', 'write 5000', 'write 5000', 'write 2000'])
})
