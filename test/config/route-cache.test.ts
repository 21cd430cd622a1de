import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { RouteCache } from '../../src/config/route-cache.ts'

const owner = { server: 'https://api', namespace: 'shop' }

test('routes that the volume of a pod has no room for are not written, which is said once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fanout-cache-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const warnings: unknown[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    warn: (fields: object) => warnings.push(fields),
    error: () => {},
  }
  const cache = new RouteCache(join(directory, 'routes.json'), owner, logger)
  const save = async (objects: readonly unknown[]) => {
    cache.save(objects, 1)
    await cache.settled()
  }
  await save(['small'])
  const large = ['x'.repeat(25 * 1024 * 1024)]
  await save(large)
  await save(large)
  expect(warnings).toMatchObject([{ err: { message: /more than the 25165824 that it may have/ } }])
  expect(await cache.load()).toEqual({ confirmedAtMs: 1, objects: ['small'] })
  expect(readdirSync(directory)).toEqual(['routes.json'])
})
