import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const alive = new Set<ChildProcess>()

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Opens an IPC channel, for our own generator and scripted upstreams. */
  readonly ipc?: boolean
  readonly cwd?: string
}

/** A process of this run, with what it first wrote kept for error messages. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** Why it failed, in a line, as far as its output tells. */
  complaint(): string
  stop(): Promise<void>
}

/** Starts a process that this run is sure to end, on whatever way the run itself ends. */
export function startChild(command: readonly string[], options: ChildOptions = {}): Child {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    // A group of its own: a terminal's Ctrl-C reaches the runner alone, which then ends its children in order.
    detached: true,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: options.ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  })
  alive.add(child)
  let words = ''
  const keep = (chunk: Buffer) => {
    if (words.length < 65_536) words += chunk.toString('latin1')
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.on('error', error => keep(Buffer.from(error.message)))
  child.on('close', () => alive.delete(child))
  return {
    process: child,
    pid: child.pid ?? -1,
    complaint: () => complaint(words),
    stop: () => stop(child),
  }
}

/** The line that names an error; minified code, which Node prints before it, is no help to anyone. */
function complaint(words: string): string {
  const lines = words.split('\n').map(line => line.trim())
  const named = lines.find(line => /error/i.test(line) && line.length < 300)
  return (named ?? lines.find(Boolean) ?? 'it said nothing').slice(0, 300)
}

/** Ends everything still running; safe to call twice and from a signal or exit handler. */
export function killEverything(): void {
  for (const child of alive) killGroup(child)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = once(child, 'close')
  // At once: how gracefully a candidate drains is no part of this bench, and waiting for it would be.
  killGroup(child)
  await closed
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group has already gone.
  }
}
