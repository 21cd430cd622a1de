import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { RouteCache } from '../../src/config/route-cache.ts'
import { keepWarnings } from './keep-warnings.ts'

const owner = { server: 'https://api', namespace: 'shop' }

const start = () => {
  const directory = mkdtempSync(join(tmpdir(), 'fanout-cache-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const { warnings, logger } = keepWarnings()
  const file = join(directory, 'routes.json')
  const cache = new RouteCache(file, owner, logger)
  const save = async (objects: readonly unknown[]) => {
    cache.save(objects, 1)
    await cache.settled()
  }
  return { directory, file, cache, save, warnings }
}

const large = 'x'.repeat(25 * 1024 * 1024)

test('routes that the volume of a pod has no room for are not written, which is said once', async () => {
  const { directory, cache, save, warnings } = start()
  await save(['small'])
  await save([large])
  await save([large])
  expect(warnings).toMatchObject([{ err: { message: /more than the 25165824 that it may have/ } }])
  expect(await cache.load()).toEqual({ confirmedAtMs: 1, objects: ['small'] })
  expect(readdirSync(directory)).toEqual(['routes.json'])
})

test('a write that fails leaves nothing behind, and is said once until one succeeds', async () => {
  const { directory, file, cache, save, warnings } = start()
  // Nothing can be renamed to what is a directory.
  mkdirSync(file)
  await save(['one'])
  await save(['two'])
  expect(readdirSync(directory)).toEqual(['routes.json'])
  expect(warnings).toMatchObject([{ file, err: { syscall: 'rename' } }])
  rmSync(file, { recursive: true })
  await save(['three'])
  expect(await cache.load()).toMatchObject({ objects: ['three'] })
  rmSync(file)
  mkdirSync(file)
  await save(['four'])
  expect(warnings).toHaveLength(2)
})

test('a file that is larger than a cache may be is not read', async () => {
  const { file, cache, save, warnings } = start()
  await save(['small'])
  writeFileSync(file, readFileSync(file, 'utf8').replace('small', large))
  expect(await cache.load()).toBeUndefined()
  expect(warnings).toMatchObject([{ file, err: { message: /larger than 25165824 bytes/ } }])
})
