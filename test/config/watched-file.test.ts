import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { maxFileBytes } from '../../src/config/limits.ts'
import { WatchedFile } from '../../src/config/watched-file.ts'
import { directoryWith, route } from './fixtures.ts'

const watch = (files: Readonly<Record<string, string>>) => {
  const file = path.join(directoryWith(files), 'a.yaml')
  return { file, watched: new WatchedFile({ path: file, name: 'a.yaml', role: 'routes' }) }
}

test.each<[why: string, spoil: (file: string) => void]>([
  ['is not there', () => {}],
  ['is no file', file => mkdirSync(file)],
  [
    'is too large',
    file => {
      writeFileSync(file, '')
      truncateSync(file, maxFileBytes + 1)
    },
  ],
])('a file that %s is one problem at every look, so that it is published once', async (_why, spoil) => {
  const { file, watched } = watch({})
  spoil(file)
  const content = await watched.look()
  expect(content).toMatchObject({ complete: false, problems: [{ location: { file: 'a.yaml' } }] })
  expect(await watched.look()).toBe(content)
  expect(await watched.look()).toBe(content)
})

test('a file that is gone is the same problem at every look, and is read when it is back', async () => {
  const { file, watched } = watch({ 'a.yaml': route('one') })
  expect(await watched.look()).toMatchObject({ complete: true })
  rmSync(file)
  const gone = await watched.look()
  expect(gone).toMatchObject({ stale: true, routes: [{ id: 'default/one' }] })
  expect(await watched.look()).toBe(gone)
  writeFileSync(file, route('one'))
  expect(await watched.look()).toMatchObject({ complete: true, problems: [] })
})
