import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { directoryWith, route } from './fixtures.ts'

const start = (...args: readonly string[]) => {
  const directory = directoryWith({ 'a.yaml': route('orders', '{name: crm, url: http://crm.invalid}') })
  const line = ['simulate', 'POST', '/orders', directory, ...args]
  const child = spawn(path.resolve('bin/fanout-relay'), line, { env: { PATH: process.env['PATH'] } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  const exit = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, texts, exit }
}

test('ends by itself with 0 when the request succeeded', async () => {
  const { exit, texts } = start('--delay', 'crm=50ms')
  expect(await exit).toBe(0)
  expect(texts.stderr).toBe('')
  expect(texts.stdout).toMatch(/^caller .* 200 {2}success$/m)
})

test('ends by itself with 1 when it did not', async () => {
  const { exit, texts } = start('--fail', 'crm=refused')
  expect(await exit).toBe(1)
  expect(texts.stdout).toContain('connection_refused')
})

test('an interrupt ends it at once, with what there is by then', async () => {
  const { child, exit, texts } = start('--fail', 'crm=hang', '--rate', '20/s', '--duration', '5m')
  // It may take long to start, and it may end instead.
  await Promise.race([exit, eventually(() => expect(texts.stderr).toContain('Ctrl-C'), 50_000)])
  expect(texts.stderr).toContain('Ctrl-C')
  child.kill('SIGINT')
  expect(await exit).toBe(1)
  expect(texts.stdout).toContain('ended before its time')
})
