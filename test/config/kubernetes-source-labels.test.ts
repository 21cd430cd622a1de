import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PodLabels } from '../../src/config/kubernetes-source-labels.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { keepWarnings } from './keep-warnings.ts'

test('labels that cannot be read stay as they were, which is said once each time they are lost', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fanout-labels-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'labels')
  const { warnings, logger } = keepWarnings()
  const labels = new PodLabels(file, new FakeClock(), logger)
  const looks = async () => [await labels.read(), await labels.read(), await labels.read()]
  const lost = { file, err: { code: 'ENOENT' } }

  expect(await looks()).toEqual([false, false, false])
  expect(warnings).toMatchObject([lost])
  writeFileSync(file, 'app="a"')
  expect(await looks()).toEqual([true, false, false])
  rmSync(file)
  expect(await looks()).toEqual([false, false, false])
  expect(warnings).toMatchObject([lost, lost])
  expect({ ...labels.current }).toEqual({ app: 'a' })
})
