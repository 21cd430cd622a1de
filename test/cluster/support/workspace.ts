import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder and the servers that work in it. Both are gone after `close`, or when the test process ends in any way. */
export interface Workspace {
  readonly directory: string
  /** `name` is that of its log and its pid file. */
  start(name: string, program: string, args: readonly string[]): Server
  close(): Promise<void>
}

export interface Server {
  readonly pid: number
  hasExited(): boolean
  kill(signal: NodeJS.Signals): void
  /** Resolves once it has ended. */
  exited(): Promise<unknown>
  /** The end of what it wrote. */
  log(): string
}

export const openWorkspace = (): Workspace => {
  const directory = mkdtempSync(join(tmpdir(), 'fanout-cluster-'))
  const guardian = spawn('sh', ['-c', guard, directory], {
    // A group of its own: a Ctrl-C must not end it before its work is done.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guardian.unref()
  const line = guardian.stdin as Socket
  line.unref()
  return {
    directory,
    start: (name, program, args) => startServer(directory, name, program, args),
    close: async () => {
      if (guardian.exitCode !== null) return
      const done = once(guardian, 'exit')
      guardian.ref()
      line.end()
      await done
    },
  }
}

/**
 * Sleeps until its input closes, which the kernel does for a killed test process too; then ends whoever left a pid
 * file. A dying etcd may still add files, so the folder is removed until it is gone.
 */
const guard = `
  cat >/dev/null
  for file in "$0"/*.pid; do [ -f "$file" ] && kill -9 "$(cat "$file")"; done
  for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$0" && exit; sleep 0.1; done`

const startServer = (directory: string, name: string, program: string, args: readonly string[]): Server => {
  const pidFile = join(directory, `${name}.pid`)
  const logFile = join(directory, `${name}.log`)
  const log = openSync(logFile, 'a')
  const child: ChildProcess = spawn(program, args, {
    detached: true,
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  if (child.pid === undefined) throw new Error(`${program} cannot be started`)
  writeFileSync(pidFile, `${child.pid}`)
  const exited = once(child, 'exit')
  // Its number may soon be another process's.
  child.once('exit', () => rmSync(pidFile, { force: true }))
  child.unref()
  return {
    pid: child.pid,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    kill: signal => void child.kill(signal),
    exited: () => {
      child.ref()
      return exited
    },
    log: () => readFileSync(logFile, 'utf8').slice(-4_000),
  }
}
