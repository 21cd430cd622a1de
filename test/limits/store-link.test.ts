import { afterEach, expect, test, vi } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { gate } from '../support/gate.ts'
import { share } from './share.ts'
import { serveCommands, startTcpStore } from './tcp-store.ts'

const keep = closing()
afterEach(() => vi.restoreAllMocks())

test('a store that lets in whoever has closed meanwhile is asked nothing, and its connection ends', async () => {
  const letIn = gate()
  const commands: string[] = []
  const store = keep(
    await startTcpStore(
      serveCommands(name => {
        commands.push(name)
        return letIn.passed
      }),
    ),
  )
  const relay = keep(share(store.url.replace('//', '//:secret@'), { clock: new FakeClock() }))
  await eventually(() => expect(commands).toEqual(['AUTH']))
  relay.close()
  letIn.open()
  await eventually(() => expect(store.sockets[0]!.destroyed).toBe(true))
  expect([commands, relay.states]).toEqual([['AUTH'], []])
})

test('a connection that comes after the time for it is closed', async () => {
  const store = keep(await startTcpStore(serveCommands()))
  let hasPassed = false
  // The first time that is waited for is that of connecting: it is over before there is a socket.
  const clock: Clock = {
    now: () => 0,
    after: (_ms, callback) => {
      if (!hasPassed) callback()
      hasPassed = true
      return () => {}
    },
  }
  const relay = keep(share(store.url, { clock }))
  await relay.reaches('down')
  expect(relay.lines).toMatchObject([{ fields: { reason: 'no connection within 2000 ms' } }])
  await eventually(() => expect(store.sockets.map(({ destroyed }) => destroyed)).toEqual([true]))
})

test('after a time in which the store was up, it is tried again as soon as after a first failure', async () => {
  // The longest that each pause may be.
  vi.spyOn(Math, 'random').mockReturnValue(0.999)
  const clock = new FakeClock()
  let isUp = false
  const answer = serveCommands()
  const store = keep(await startTcpStore(socket => (isUp ? answer(socket) : socket.destroy())))
  const relay = keep(share(store.url, { clock }))
  const triedAfter = (ms: number, tries: number) =>
    eventually(() => {
      clock.advance(ms)
      expect(store.sockets.length).toBeGreaterThanOrEqual(tries)
    })
  await triedAfter(500, 6)
  isUp = true
  // In small steps: the store has to answer within a second of them.
  await eventually(() => {
    clock.advance(50)
    expect(relay.states.at(-1)).toBe('up')
  })
  clock.advance(10_000)
  const tries = store.sockets.length
  store.sockets.at(-1)!.destroy()
  await relay.reaches('down')
  clock.advance(2_000)
  await triedAfter(0, tries + 1)
})
