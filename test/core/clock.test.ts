import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'

it('calls back for what is past without a warning of Node', async () => {
  const warnings: string[] = []
  const note = ({ name }: Error) => warnings.push(name)
  process.on('warning', note)
  onTestFinished(() => {
    process.off('warning', note)
  })
  const keepAlive = setTimeout(() => {}, 10_000)
  await new Promise<void>(resolve => systemClock.after(-0.0027, resolve))
  clearTimeout(keepAlive)
  // Warnings are told on the next tick.
  await new Promise(resolve => setImmediate(resolve))
  expect(warnings).toEqual([])
})
