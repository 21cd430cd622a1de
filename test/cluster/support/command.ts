import { spawn } from 'node:child_process'

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  /** Exit status; -1 = did not end within the time given it. */
  readonly code: number
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Written to its standard input. */
  readonly input?: string
  /** Default 60 s. */
  readonly timeoutMs?: number
}

/** Runs a program to its end; resolves whatever its exit status. */
export const runCommand = (
  program: string,
  args: readonly string[],
  { env = {}, input = '', timeoutMs = 60_000 }: CommandOptions = {},
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'], ...env },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', chunk => stdout.push(chunk))
    child.stderr.on('data', chunk => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', code =>
      resolve({
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        code: code ?? -1,
      }),
    )
    // Whoever does not read its input may close it.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
