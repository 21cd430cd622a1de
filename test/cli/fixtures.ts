import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Io, Machine } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

export const container: Machine = {
  terminal: false,
  colour: false,
  loopback: ['127.0.0.1', '::1'],
  memoryLimit: 0,
  any: '::',
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface World {
  readonly env?: Io['env']
  readonly stdin?: string
  readonly machine?: Machine
}

/** Carries out a command line in this process. */
export const cli = async (args: readonly string[], world: World = {}): Promise<Ran> => {
  let stdout = ''
  let stderr = ''
  const code = await main(args, {
    env: world.env ?? {},
    machine: world.machine ?? container,
    stdout: text => {
      stdout += text
    },
    stderr: text => {
      stderr += text
    },
    stdin: async () => Buffer.from(world.stdin ?? ''),
  })
  return { code, stdout, stderr }
}

/** A directory that is gone after the test, with these files in it. */
export const directoryWith = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(path.join(tmpdir(), 'fanout-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text)
  return directory
}

/** A pipe in a directory of its own; a reader gets this text. Without a text nobody writes into it. */
export const pipeWith = (text: string, name = 'pipe'): string => {
  const pipe = path.join(directoryWith({}), name)
  execFileSync('mkfifo', [pipe])
  if (text !== '') void writeFile(pipe, text)
  return pipe
}

/** A valid route; `upstream` is the flow map of its only upstream. */
export const route = (name: string, upstream = '{name: a, url: http://127.0.0.1:9001}'): string =>
  [
    'apiVersion: fanoutrelay.dev/v1alpha1',
    'kind: FanOutRoute',
    `metadata: {name: ${name}}`,
    'spec:',
    `  matches: [{method: POST, path: {value: /${name}}}]`,
    '  upstreams:',
    `    - ${upstream}`,
    '',
  ].join('\n')
