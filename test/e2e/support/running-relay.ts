import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { type Ask, ask } from '../../support/ask.ts'
import { eventually } from '../../support/eventually.ts'
import type { RawResponse } from '../../support/raw-client.ts'

/* The product as a process of its own, for tests and for programs that are none: whoever starts one ends it. */

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string }

export interface Launched {
  readonly child: ChildProcess
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** All lines of the log so far. */
  readonly log: () => readonly LogLine[]
  /** The first line of the log with this message, as soon as there is one. */
  line(message: string): Promise<LogLine>
  /** Resolves to the exit code; of a process ended by a signal, `null`. */
  readonly exit: Promise<number | null>
}

export interface RelayProcess extends Launched {
  /** Ports of 127.0.0.1. */
  readonly data: number
  readonly admin: number
  readonly telemetry: number
  ask(request: Ask): Promise<RawResponse>
  /** The admin API's answer, parsed. */
  api(path: string): Promise<unknown>
  metrics(): Promise<string>
}

export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>>
  /** What is run, and with what before the verb. Defaults to bin/fanout-relay of this checkout. */
  readonly command?: readonly string[]
  readonly cwd?: string
}

export const binary = path.resolve(import.meta.dirname, '../../../bin/fanout-relay')
export const freePorts = [
  ...['--listen', '127.0.0.1:0'],
  ...['--admin', '127.0.0.1:0'],
  ...['--telemetry', '127.0.0.1:0'],
]

/** Runs it with these arguments, the verb first. */
export const launchRelay = (
  args: readonly string[],
  { env = {}, command = [binary], cwd }: LaunchOptions = {},
): Launched => {
  const child = spawn(command[0]!, [...command.slice(1), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  let ended = false
  const exit = new Promise<number | null>(resolve =>
    child.once('close', code => {
      ended = true
      resolve(code)
    }),
  )
  const log = () =>
    output.stdout
      .split('\n')
      .slice(0, -1)
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line) as LogLine)
  const line = async (message: string): Promise<LogLine> => {
    const found = await eventually(() => {
      const seen = log().find(({ msg }) => msg === message)
      if (!seen && !ended) throw new Error(`no line "${message}" in:\n${output.stdout}${output.stderr}`)
      return seen
    }, 50_000)
    if (!found) throw new Error(`ended without a line "${message}":\n${output.stdout}${output.stderr}`)
    return found
  }
  return { child, output: () => output, log, line, exit }
}

/** One that was launched with the verb `run`, as soon as its routes are loaded. */
export const whenServing = async (launched: Launched): Promise<RelayProcess> => {
  const listening = await launched.line('listening')
  const portOf = (purpose: string): number =>
    Number((listening[purpose] as readonly string[])[0]!.replace(/^.*:/, ''))
  const [data, admin, telemetry] = [portOf('data'), portOf('admin'), portOf('telemetry')]
  await launched.line('routes loaded')
  const askAt = async (port: number, path: string): Promise<string> =>
    (await ask({ port }, { path, headers: { host: 'localhost' } })).body.toString('utf8')
  return {
    ...launched,
    data,
    admin,
    telemetry,
    ask: request => ask({ port: data }, request),
    api: async path => JSON.parse(await askAt(admin, path)),
    metrics: () => askAt(telemetry, '/metrics'),
  }
}
