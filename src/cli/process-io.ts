import { networkInterfaces } from 'node:os'
import { memoryLimit } from '../serve/memory-guard-limit.ts'
import type { Io } from './io.ts'

/** The process itself. The environment is read nowhere else. */
export const processIo = (): Io => {
  // The reader of a pipe may leave early (`| head`); that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const hasIpv6 = addresses.some(({ family }) => family === 'IPv6')
  const hasIpv6Loopback = addresses.some(({ address }) => address === '::1')
  const terminal = process.stdout.isTTY === true
  return {
    env: process.env,
    machine: {
      terminal,
      colour: terminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
      loopback: hasIpv6Loopback ? ['127.0.0.1', '::1'] : ['127.0.0.1'],
      any: hasIpv6 ? '::' : '0.0.0.0',
      memoryLimit: memoryLimit(),
    },
    stdout: text => void process.stdout.write(text),
    stderr: text => void process.stderr.write(text),
    stdin: readStdin,
  }
}

const readStdin = async (maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1)
}
