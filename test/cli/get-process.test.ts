import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { kubeconfigTo } from '../check/support/scripted-api.ts'
import { startScriptedServer } from '../kubernetes/support/scripted-server.ts'
import { eventually } from '../support/eventually.ts'

it('get -w ends with 0 when its reader leaves', { timeout: 120_000 }, async () => {
  const server = await startScriptedServer()
  onTestFinished(() => server.close())
  server.put('orders')
  const args = ['get', '-w', '-o', 'json', '--kubeconfig', kubeconfigTo(server.url)]
  const child = spawn(resolve('bin/fanout-relay'), args, { env: { PATH: process.env['PATH'] } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = once(child, 'close')
  const [line] = await once(child.stdout, 'data')
  expect(JSON.parse(String(line))).toMatchObject({ metadata: { name: 'orders' } })
  child.stdout.destroy()
  // It notices with what it would write next.
  await eventually(() => {
    server.put('orders')
    expect(child.exitCode).toBe(0)
  }, 60_000)
  await exited
  expect(stderr).toBe('')
})
