import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { kubeconfigTo } from '../../check/support/scripted-api.ts'
import { eventually } from '../../support/eventually.ts'

export interface Line {
  readonly level: string
  readonly msg: string
  readonly health?: readonly string[]
  readonly metrics?: readonly string[]
  /** Port of the webhook. */
  readonly webhook?: number
}

export interface ControllerProcess {
  readonly child: ChildProcess
  /** What it has logged so far. */
  readonly lines: readonly Line[]
  readonly stderr: Promise<string>
  readonly exit: Promise<number | null>
  /** The first line with this message, once there is one. */
  logged(message: string): Promise<Line>
  /** Of the port for probes. */
  health(path: string): Promise<{ readonly status: number; readonly text: string }>
  /** Of /metrics, by name and labels; `undefined` = there is none. */
  metric(series: string): Promise<number | undefined>
}

/** In which namespace it takes itself to be. */
export const installation = 'fanout'

/** `fanout-relay controller` with these flags, on ports of its own, against that API server. Killed after the test. */
export const startController = (
  server: { readonly url: string },
  flags: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): ControllerProcess => {
  const ports = ['health', 'metrics', 'webhook'].filter(
    port => !flags.some(flag => flag.startsWith(`--${port}=`)),
  )
  const args = [
    ...nodeFlags,
    resolve('src/main.ts'),
    'controller',
    `--kubeconfig=${kubeconfigTo(server.url)}`,
    `--namespace=${installation}`,
    '--identity=me',
    '--log-format=json',
    ...ports.map(port => `--${port}=127.0.0.1:0`),
    ...flags,
  ]
  const child = spawn(process.execPath, args, { env: {}, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Line[] = []
  createInterface({ input: child.stdout }).on('line', line => lines.push(JSON.parse(line) as Line))
  const logged = (message: string): Promise<Line> =>
    eventually(() => {
      const line = lines.find(({ msg }) => msg === message)
      if (!line) throw new Error(`not logged: ${message}; but ${lines.map(({ msg }) => msg).join('; ')}`)
      return line
    }, 50_000)
  const get = async (purpose: 'health' | 'metrics', path: string) => {
    const [address] = (await logged('listening'))[purpose]!
    const answer = await fetch(`http://${address}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  return {
    child,
    lines,
    stderr: text(child.stderr),
    exit: new Promise(ended => child.once('close', ended)),
    logged,
    health: path => get('health', path),
    metric: async series => {
      const { text } = await get('metrics', '/metrics')
      const line = text.split('\n').find(one => one.startsWith(`${series} `))
      return line === undefined ? undefined : Number(line.slice(series.length + 1))
    },
  }
}
