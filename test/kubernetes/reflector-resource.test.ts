import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { follow } from './support/harness.ts'
import { startScriptedServer } from './support/scripted-server.ts'

/** A reflector with two objects that asks before it lets go. */
const guarded = async () => {
  const server = await startScriptedServer()
  server.put('orders')
  server.put('billing')
  const followed = await follow({ server, guardDeletions: true })
  await followed.watching()
  return followed
}

describe('guarded deletions', () => {
  test('come into effect once discovery says that the resource stays', async () => {
    const { server, clock, state, serverState } = await guarded()
    server.delete('orders')
    await eventually(() => {
      clock.advance(100)
      expect(state()).toBe(serverState())
    })
    expect(server.count('discovery')).toBe(1)
  })

  test('come into effect when discovery cannot be asked', async () => {
    const { server, clock, state, serverState } = await guarded()
    server.fail('discovery', 403)
    server.delete('orders')
    await eventually(() => {
      clock.advance(100)
      expect(state()).toBe(serverState())
    })
  })

  test('do not undo an object that is there again', async () => {
    const { server, clock, state, serverState } = await guarded()
    server.delete('orders')
    const back = server.put('orders', { back: true })
    await eventually(() => expect(state()).toContain(`orders@${back.metadata.resourceVersion}`))
    clock.advance(1_000)
    await eventually(() => expect(server.count('discovery')).toBe(1))
    await wait(20)
    expect(state()).toBe(serverState())
  })

  test('found by a list are asked about as well', async () => {
    const { server, clock, state, serverState } = await guarded()
    server.cutConnections()
    await eventually(() => expect(server.watches.size).toBe(0))
    server.delete('orders')
    server.compact()
    await eventually(() => {
      clock.advance(250)
      expect(state()).toBe(serverState())
    })
    expect(server.count('discovery')).toBe(1)
  })
})

describe('a CustomResourceDefinition that is deleted', () => {
  test('takes none of its objects with it, until it is back with others', async () => {
    const followed = await guarded()
    const { server, clock, figures, state, serverState, changes } = followed
    const before = state()
    server.resource = 'terminating'
    server.delete('orders')
    server.delete('billing')
    await eventually(() => {
      clock.advance(100)
      expect(figures.restarts.terminating).toBe(1)
    })
    await eventually(() => {
      clock.advance(1_000)
      expect(figures.lists.terminating).toBeGreaterThan(0)
    })
    server.resource = false
    server.endWatches()
    await eventually(() => {
      clock.advance(1_000)
      expect(figures.lists.not_found).toBeGreaterThan(1)
    })
    expect(state()).toBe(before)
    expect(figures.isConnected).toBe(false)
    expect(changes).toHaveLength(1)
    server.resource = true
    server.put('orders', { again: true })
    await eventually(() => {
      clock.advance(1_000)
      expect(state()).toBe(serverState())
    })
    await eventually(() => expect(figures.isConnected).toBe(true))
  })

  test('does not make an empty list at the start', async () => {
    const server = await startScriptedServer()
    server.resource = 'terminating'
    const { clock, changes, figures } = await follow({ server, guardDeletions: true })
    await eventually(() => expect(figures.lists.terminating).toBe(1))
    expect(changes).toEqual([])
    server.resource = true
    await eventually(() => {
      clock.advance(250)
      expect(changes).toEqual([[]])
    })
  })
})
