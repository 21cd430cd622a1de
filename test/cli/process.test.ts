import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { directoryWith, route } from './fixtures.ts'

const binary = path.resolve('bin/fanout-relay')

interface Process {
  readonly child: ChildProcess
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** The first match in what was written so far, as soon as there is one. */
  see(pattern: RegExp): Promise<RegExpExecArray>
  readonly exit: Promise<number | null>
}

const start = (...args: readonly string[]): Process => {
  const child = spawn(binary, args, { env: { PATH: process.env['PATH'] } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const note = () => listeners.forEach(listener => void listener())
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    note()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    note()
  })
  const exit = new Promise<number | null>(resolve => child.once('close', resolve))
  const see = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(stdout) ?? pattern.exec(stderr)
        if (match) resolve(match)
      }
      listeners.add(look)
      look()
      const fail = (what: string) => reject(new Error(`${what} before ${pattern}: ${stdout}${stderr}`))
      const late = setTimeout(() => fail('50 s passed'), 50_000)
      exit.then(code => {
        clearTimeout(late)
        fail(`ended with ${code}`)
      })
    })
  return { child, output: () => ({ stdout, stderr }), see, exit }
}

const freePorts = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--telemetry', '127.0.0.1:0']
const dataAddress = /"data":\["([^"]+)"\]/

describe('bin/fanout-relay', () => {
  test('prints the version and ends', async () => {
    const { exit, output } = start('--version')
    expect(await exit).toBe(0)
    expect(output().stdout).toMatch(/^fanout-relay \d+\.\d+\.\d+, Node 2\d\./)
  })

  test('ends with 2 and nothing on standard output when used wrongly', async () => {
    const { exit, output } = start('run', '--listn', '1')
    expect(await exit).toBe(2)
    expect(output()).toMatchObject({ stdout: '', stderr: expect.stringContaining('did you mean --listen?') })
  })

  test('reads standard input', async () => {
    const { child, exit, output } = start('lint', '-')
    child.stdin!.end(route('orders'))
    expect(await exit).toBe(0)
    expect(output().stdout).toBe('no problems in 1 route\n')
  })

  test('does not mind a reader that leaves early', async () => {
    const { child, exit, output } = start('crd')
    child.stdout!.destroy()
    expect(await exit).toBe(0)
    expect(output().stderr).toBe('')
  })
})

describe('run', () => {
  test('serves the routes, follows an edit, and ends with 0 when told to stop', async () => {
    const upstream = createServer((_, response) => response.end('from upstream'))
    await listening(upstream)
    const { port } = upstream.address() as { port: number }
    const directory = directoryWith({ 'a.yaml': route('orders', `{name: a, url: http://127.0.0.1:${port}}`) })
    const { child, see, exit } = start('run', directory, ...freePorts, '--drain-delay', '0s')
    const [, address] = await see(dataAddress)
    await see(/routes loaded/)
    const ask = async () => {
      const response = await fetch(`http://${address}/orders`, { method: 'POST', body: '{}' })
      return [response.status, await response.text()]
    }
    expect(await ask()).toEqual([200, 'from upstream'])
    writeFileSync(path.join(directory, 'a.yaml'), route('other'))
    await see(/routes loaded[\s\S]*routes loaded/)
    expect((await ask())[0]).toBe(404)
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
  })

  test('ends with 1 and says what to do when a port is taken', async () => {
    const other = createServer()
    await listening(other)
    const { port } = other.address() as { port: number }
    const directory = directoryWith({ 'a.yaml': route('orders') })
    const { exit, output } = start('run', directory, ...freePorts.slice(2), '--listen', `127.0.0.1:${port}`)
    expect(await exit).toBe(1)
    expect(output().stderr).toMatch(
      /fanout-relay: cannot open .*\n +why: another process listens there\n +fix: .*--listen/,
    )
  })
})

describe('demo', () => {
  test('four orders have the four outcomes, each after about the slower API', async () => {
    const { child, see, exit } = start('demo', ...freePorts)
    const [, url] = await see(/(http:\/\/127\.0\.0\.1:\d+\/orders)/)
    await see(/routes loaded/)
    const order = async (fields: object) => {
      const before = performance.now()
      const body = JSON.stringify({ order_id: 'A-1', ...fields })
      const response = await fetch(url!, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await response.arrayBuffer()
      const ms = performance.now() - before
      const timing = response.headers.get('server-timing') ?? ''
      const legs = [...timing.matchAll(/;dur=([\d.]+)/g)].map(([, leg]) => Number(leg))
      return { status: response.headers.get('x-fanout-status'), ms, legs }
    }
    const orders = [
      {},
      { fail_inventory: true },
      { fail_crm: true },
      { fail_inventory: true, fail_crm: true },
    ]
    const answers = await Promise.all(orders.map(order))
    expect(answers.map(({ status }) => status)).toEqual([
      'success',
      'partial_success',
      'partial_success',
      'failed',
    ])
    for (const { ms, legs } of answers) {
      expect(legs).toHaveLength(2)
      expect(ms).toBeGreaterThan(1_900)
      // By what the legs took here: a machine that is busy is slow in all of it.
      expect(ms).toBeLessThan(legs[0]! + legs[1]!)
    }
    const second = start('demo', ...freePorts)
    expect(await second.exit).toBe(1)
    expect(second.output().stderr).toMatch(/inventory cannot open 127\.0\.0\.1:9001[\s\S]*fix: /)

    child.kill('SIGINT')
    expect(await exit).toBe(0)
  })
})

const listening = async (server: Server): Promise<void> => {
  onTestFinished(() => void server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
}
