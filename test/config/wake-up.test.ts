import { expect, test } from 'vitest'
import { WakeUp } from '../../src/config/wake-up.ts'

const never = new AbortController().signal
const hour = 3_600_000

test('wakes after the poll when nothing changed', async () => {
  await new WakeUp().wait({ settleMs: hour, pollMs: 1 }, never)
})

test('wakes for a change during the wait, and for one before it', async () => {
  const wakeUp = new WakeUp()
  wakeUp.change()
  await wakeUp.wait({ settleMs: 1, pollMs: hour }, never)
  const waiting = wakeUp.wait({ settleMs: 1, pollMs: hour }, never)
  wakeUp.change()
  await waiting
})

test('waits for a burst of changes to pause, but not for ever', async () => {
  const wakeUp = new WakeUp()
  const changing = setInterval(() => wakeUp.change(), 5)
  const start = performance.now()
  await wakeUp.wait({ settleMs: 40, pollMs: hour }, never)
  const elapsed = performance.now() - start
  clearInterval(changing)
  expect(elapsed).toBeGreaterThan(4 * 40)
  expect(elapsed).toBeLessThan(1000)
})

test('ends at once when the signal aborts, whatever it waits for', async () => {
  const polling = new AbortController()
  const waiting = new WakeUp().wait({ settleMs: hour, pollMs: hour }, polling.signal)
  polling.abort()
  await waiting

  const settling = new AbortController()
  const wakeUp = new WakeUp()
  wakeUp.change()
  const settled = wakeUp.wait({ settleMs: hour, pollMs: hour }, settling.signal)
  settling.abort()
  await settled
})
