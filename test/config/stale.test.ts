import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { directoryWith, follow, route, until } from './fixtures.ts'

const broken = 'kind: [\n'

test('routes of a file that is no YAML any more are named as stale until it is mended', async () => {
  const two = [route('one'), route('two')].join('---\n')
  const directory = directoryWith({ 'a.yaml': two, 'b.yaml': route('three') })
  const followed = await follow([directory])
  const last = () => followed.snapshots.at(-1)!
  expect(last().stale).toBeUndefined()
  writeFileSync(path.join(directory, 'a.yaml'), broken)
  await until(last, ({ stale }) => stale !== undefined)
  expect(last().stale).toEqual(['default/one', 'default/two'])
  expect(followed.ids()).toEqual(['default/one', 'default/two', 'default/three'])
  // The problem is one of the file, not of either route.
  expect(last().problems).toMatchObject([{ code: 'FR0001' }])
  expect(last().problems[0]!.route).toBeUndefined()
  writeFileSync(path.join(directory, 'a.yaml'), two)
  await until(last, ({ stale }) => stale === undefined)
})

test('of a file with one route, the problem is that of the route', async () => {
  const directory = directoryWith({ 'a.yaml': route('one') })
  const followed = await follow([directory])
  writeFileSync(path.join(directory, 'a.yaml'), broken)
  await until(
    () => followed.snapshots.at(-1)!,
    ({ stale }) => stale !== undefined,
  )
  expect(followed.snapshots.at(-1)!.problems).toMatchObject([{ code: 'FR0001', route: 'default/one' }])
})

test('a file that never could be read has no stale routes', async () => {
  const followed = await follow([directoryWith({ 'a.yaml': broken })])
  expect(followed.snapshots[0]!.stale).toBeUndefined()
})
