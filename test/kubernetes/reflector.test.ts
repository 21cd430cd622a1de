import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { follow } from './support/harness.ts'
import { bookmarkLine, eventLine, startScriptedServer } from './support/scripted-server.ts'

describe('a reflector', () => {
  test('tells the first list, also an empty one', async () => {
    const { changes, reflector, watching } = await follow()
    await watching()
    expect(changes).toEqual([[]])
    expect(reflector.synced).toBe(true)
  })

  test('lists in pages of 500 and watches from the version of the list', async () => {
    const given = await startScriptedServer()
    for (let index = 0; index < 1_203; index++) given.put(`route-${index}`)
    const { server, state, serverState, changes, watching } = await follow({ server: given })
    await watching()
    expect(state()).toBe(serverState())
    expect(changes.map(({ length }) => length)).toEqual([1_203])
    const lists = server.requests.filter(({ kind }) => kind === 'list')
    expect(lists.map(({ url }) => url.searchParams.get('limit'))).toEqual(['500', '500', '500'])
    const watch = server.requests.find(({ kind }) => kind === 'watch')!.url.searchParams
    expect(watch.get('resourceVersion')).toBe(server.version)
    expect(watch.get('allowWatchBookmarks')).toBe('true')
    expect(watch.get('timeoutSeconds')).toBe('40')
  })

  test('follows additions, changes and deletions, without managedFields', async () => {
    const { server, state, serverState, changes, reflector, watching } = await follow()
    await watching()
    server.put('orders', { a: 1 })
    await eventually(() => expect(state()).toBe(serverState()))
    server.put('orders', { a: 2 })
    server.put('billing')
    await eventually(() => expect(state()).toBe(serverState()))
    expect(reflector.objects.get('shop/orders')?.metadata).not.toHaveProperty('managedFields')
    server.delete('orders')
    await eventually(() => expect(state()).toBe(serverState()))
    expect(changes.flat().filter(key => key === 'shop/orders')).toHaveLength(3)
  })

  test('goes on from the last version, bookmarks included, over the same connection, when the server ends the watch', async () => {
    const { server, figures, watching } = await follow()
    await watching()
    server.bump(50)
    server.bookmark()
    await wait(20)
    server.endWatches()
    await eventually(() => expect(server.count('watch')).toBe(2))
    expect(server.requests.at(-1)!.url.searchParams.get('resourceVersion')).toBe(server.version)
    expect(server.count('list')).toBe(1)
    expect(server.connections).toBe(1)
    expect(figures.restarts.ended).toBe(1)
    expect(figures.isConnected).toBe(true)
  })

  test('backs off from a server that ends every watch at once', async () => {
    const { server, clock, watching } = await follow()
    await watching()
    server.endWatches()
    await wait(100)
    expect(server.count('watch')).toBe(1)
    clock.advance(1_000)
    await eventually(() => expect(server.count('watch')).toBe(2))
  })

  test('lists again after ten minutes and counts what the watch had lost as drift', async () => {
    const { server, clock, figures, state, serverState, watching } = await follow()
    await watching()
    server.put('lost', {}, { silent: true })
    server.put('kept')
    await eventually(() => expect(figures.staleSeconds).toBe(0))
    await eventually(() => expect(state()).toContain('kept'))
    clock.advance(599_000 / 15)
    for (let round = 0; round < 14; round++) {
      server.endWatches()
      const before = server.count('watch')
      await eventually(() => expect(server.count('watch')).toBeGreaterThan(before))
      await watching()
      clock.advance(599_000 / 15)
    }
    expect(server.count('list')).toBe(1)
    clock.advance(2_000)
    server.endWatches()
    await eventually(() => expect(server.count('list')).toBe(2))
    await eventually(() => expect(state()).toBe(serverState()))
    expect(figures.drift).toBe(1)
    expect(figures.restarts.relist).toBe(1)
  })

  test('waits a random part of the spread before its first list', async () => {
    const { server, clock, watching } = await follow({ spreadMs: 10_000 })
    clock.advance(4_999)
    await wait(30)
    expect(server.requests).toHaveLength(0)
    clock.advance(1)
    await watching()
  })

  test('survives a callback that throws', async () => {
    let calls = 0
    const { server, state, serverState, watching } = await follow({
      onChange: () => {
        calls += 1
        throw new Error('a defect')
      },
    })
    await watching()
    server.put('orders')
    await eventually(() => expect(calls).toBe(2))
    expect(state()).toBe(serverState())
    expect(server.count('watch')).toBe(1)
  })
})

describe('the stream of a watch', () => {
  test('may come in any pieces, inside a line or a character', async () => {
    const { server, state, reflector, watching } = await follow()
    await watching()
    const object = server.put('orders', { text: 'größer 🚚' }, { silent: true })
    for (const byte of Buffer.from(eventLine('ADDED', object))) {
      server.raw(Buffer.from([byte]))
      if (byte % 7 === 0) await wait(0)
    }
    await eventually(() => expect(state()).toContain('größer 🚚'))
    expect(reflector.objects.size).toBe(1)
    expect(server.count('list')).toBe(1)
  })

  test('may repeat events, of deleted objects as well', async () => {
    const { server, state, serverState, changes, watching } = await follow()
    await watching()
    const first = eventLine('ADDED', server.put('orders', { a: 1 }))
    await eventually(() => expect(state()).toBe(serverState()))
    const second = eventLine('MODIFIED', server.put('orders', { a: 2 }))
    server.raw(first + second + second + bookmarkLine(server.version))
    await eventually(() => expect(state()).toBe(serverState()))
    const gone = { ...server.objects.get('orders')! }
    server.delete('orders')
    const metadata = { ...gone.metadata, resourceVersion: server.version }
    server.raw(eventLine('DELETED', { ...gone, metadata }))
    await eventually(() => expect(state()).toBe(''))
    await wait(30)
    expect(changes.flat()).toHaveLength(3)
    expect(server.count('list')).toBe(1)
  })

  test('is given up for a list when events come out of order', async () => {
    const { server, state, serverState, clock, figures, watching } = await follow()
    await watching()
    const early = server.put('early', {}, { silent: true })
    server.put('late')
    await eventually(() => expect(state()).toContain('late'))
    server.raw(eventLine('ADDED', early))
    await eventually(() => {
      clock.advance(0)
      expect(server.count('list')).toBe(2)
    })
    await eventually(() => expect(state()).toBe(serverState()))
    expect(figures.restarts.invalid).toBe(1)
  })

  test.each([
    ['is not JSON', '{"type":"ADDED","object":{"metadata"\n'],
    ['is no object', 'null\n'],
    ['has an unknown type', '{"type":"SURPRISE","object":{}}\n'],
    ['holds no resource version', '{"type":"MODIFIED","object":{"metadata":{"name":"x"}}}\n'],
  ])('is given up for a list when a line %s', async (_what, line) => {
    const { server, state, serverState, clock, figures, watching } = await follow()
    await watching()
    server.put('lost', {}, { silent: true })
    server.raw(line)
    await eventually(() => {
      clock.advance(0)
      expect(state()).toBe(serverState())
    })
    expect(state()).not.toBe('')
    expect(figures.restarts.invalid).toBe(1)
  })

  test('loses nothing when it is cut inside a line', async () => {
    const { server, state, serverState, clock, watching } = await follow()
    await watching()
    server.put('orders', { a: 1 })
    await eventually(() => expect(state()).toBe(serverState()))
    const next = server.put('orders', { a: 2 }, { silent: true })
    const line = eventLine('MODIFIED', next)
    server.raw(line.slice(0, line.length / 2))
    await wait(20)
    server.script('watch', (_request, response) => {
      response.writeHead(200)
      response.write(line)
    })
    server.cutConnections()
    await eventually(() => {
      clock.advance(250)
      expect(state()).toBe(serverState())
    })
    expect(server.count('list')).toBe(1)
  })

  test('carries objects of 1 MiB', async () => {
    const { server, state, serverState, watching } = await follow()
    await watching()
    server.put('large', { text: 'ü'.repeat(512 * 1024) })
    await eventually(() => expect(state()).toBe(serverState()))
    expect(state().length).toBeGreaterThan(512 * 1024)
  })
})
