import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DirectoryWatches } from '../../src/config/watch.ts'
import { directoryWith, until } from './fixtures.ts'

const counting = () => {
  let changes = 0
  const watches = new DirectoryWatches(() => changes++)
  onTestFinished(() => watches.close())
  return { watches, changes: () => changes }
}

/** Events come in order: once this one is seen, those before it would have been. */
const marker = () => {
  const directory = directoryWith({})
  const { watches, changes } = counting()
  watches.update([{ path: directory, identity: '1' }])
  return async () => {
    const before = changes()
    writeFileSync(path.join(directory, `${before}`), 'x')
    await until(changes, count => count > before)
  }
}

test('tells of a change in a directory until it is closed', async () => {
  const directory = directoryWith({})
  const { watches, changes } = counting()
  const eventsArrived = marker()
  watches.update([{ path: directory, identity: '1' }])
  writeFileSync(path.join(directory, 'a'), '1')
  await until(changes, count => count > 0)

  watches.close()
  const closedAt = changes()
  writeFileSync(path.join(directory, 'a'), '2')
  await eventsArrived()
  expect(changes()).toBe(closedAt)
})

test('stops watching a directory that is not asked for any more', async () => {
  const directory = directoryWith({})
  const { watches, changes } = counting()
  const eventsArrived = marker()
  watches.update([{ path: directory, identity: '1' }])
  watches.update([])
  writeFileSync(path.join(directory, 'a'), '1')
  await eventsArrived()
  expect(changes()).toBe(0)
})

test('watches a directory anew that was removed and made again', async () => {
  const directory = path.join(directoryWith({ 'routes/a': '1' }), 'routes')
  const { watches, changes } = counting()
  watches.update([{ path: directory, identity: '1' }])
  rmSync(directory, { recursive: true })
  mkdirSync(directory)
  await until(changes, count => count > 0)
  watches.update([{ path: directory, identity: '2' }])
  const before = changes()
  writeFileSync(path.join(directory, 'b'), '1')
  await until(changes, count => count > before)
})

test('leaves a directory to the poll that cannot be watched', () => {
  const { watches } = counting()
  expect(() => watches.update([{ path: path.join(directoryWith({}), 'nope'), identity: '1' }])).not.toThrow()
})
