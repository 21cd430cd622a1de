import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'

/** A real redis-server on loopback that keeps nothing on disk. */
export interface Redis {
  readonly port: number
  readonly url: string
  /** One command by redis-cli, and what it prints. */
  command(...args: readonly string[]): string
  /** Ends it as a crash would. */
  kill(): Promise<void>
  /** On the same port; what it knew is gone. */
  restart(): Promise<void>
  /** It keeps its port and its connections and does nothing any more, until `thaw`. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

interface RedisOptions {
  /** Beyond those about port and disk: `['--requirepass', 'secret']`. */
  readonly args?: readonly string[]
  /** What redis-cli needs to get in. */
  readonly cliArgs?: readonly string[]
  /** Certificate and key, as paths; it then speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export const startRedis = async ({ args = [], cliArgs = [], tls }: RedisOptions = {}): Promise<Redis> => {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'fanout-redis-'))
  const ports = tls
    ? ['--port', '0', '--tls-port', `${port}`, '--tls-cert-file', tls.cert, '--tls-key-file', tls.key]
    : ['--port', `${port}`]
  const trust = tls ? ['--tls-ca-cert-file', tls.cert, '--tls-auth-clients', 'no'] : []
  const disk = ['--dir', directory, '--save', '', '--appendonly', 'no']
  const cli = ['-h', '127.0.0.1', '-p', `${port}`, ...(tls ? ['--tls', '--insecure'] : []), ...cliArgs]
  const command = (...words: readonly string[]): string =>
    execFileSync('redis-cli', [...cli, ...words], { stdio: 'pipe', timeout: 5_000 })
      .toString()
      .trim()

  let server: ChildProcess
  const start = async (): Promise<void> => {
    server = spawn('redis-server', ['--bind', '127.0.0.1', ...ports, ...trust, ...disk, ...args], {
      stdio: 'ignore',
    })
    await eventually(() => command('PING'))
  }
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
  }
  await start()
  return {
    port,
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    command,
    kill,
    restart: async () => {
      await kill()
      await start()
    },
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    close: async () => {
      await kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
