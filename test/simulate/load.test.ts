import { expect, test } from 'vitest'
import { drive, maxUnderWay } from '../../src/simulate/load.ts'

const never = new AbortController().signal

test('in sequence a request is sent when the one before it has ended', async () => {
  const events: string[] = []
  const send = async (number: number) => {
    events.push(`sent ${number}`)
    await new Promise(resolve => setImmediate(resolve))
    events.push(`ended ${number}`)
  }
  expect(await drive({ kind: 'sequence', requests: 2 }, send, never)).toBe(0)
  expect(events).toEqual(['sent 1', 'ended 1', 'sent 2', 'ended 2'])
})

test('at a rate requests go out when they are due, though none has ended', async () => {
  const sent: number[] = []
  const startedAt = performance.now()
  let end = (): void => {}
  const open = new Promise<void>(resolve => {
    end = resolve
  })
  const driven = drive(
    { kind: 'rate', perSecond: 100, requests: 5 },
    () => {
      if (sent.push(performance.now() - startedAt) === 5) end()
      return open
    },
    never,
  )
  expect(await driven).toBe(0)
  for (const [index, ms] of sent.entries()) expect(ms).toBeGreaterThan(index * 10 - 2)
})

test('what is due while too many are under way is left out and counted', async () => {
  let sent = 0
  let end = (): void => {}
  const open = new Promise<void>(resolve => {
    end = resolve
  })
  const load = { kind: 'rate', perSecond: 1e6, requests: maxUnderWay + 3 } as const
  const driven = drive(
    load,
    () => {
      if (++sent === maxUnderWay) setTimeout(end, 20)
      return open.then(() => {})
    },
    never,
  )
  expect([await driven, sent]).toEqual([3, maxUnderWay])
})

test.each([
  { kind: 'sequence', requests: 100 },
  { kind: 'rate', perSecond: 1, requests: 100 },
] as const)('a $kind that is told to stop sends no more', async load => {
  const stop = new AbortController()
  let sent = 0
  await drive(
    load,
    async () => {
      sent++
      stop.abort()
    },
    stop.signal,
  )
  expect(sent).toBe(1)
})
