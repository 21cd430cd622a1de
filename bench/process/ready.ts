import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'
import { loopback } from './ports.ts'

export interface ReadyOptions {
  readonly path?: string
  readonly timeoutMs?: number
}

/** Asks until a first 200 arrives; returns when that was, so that a start can be timed from it. */
export async function firstGoodAnswer(
  child: Child,
  port: number,
  options: ReadyOptions = {},
): Promise<number> {
  const deadline = performance.now() + (options.timeoutMs ?? 20_000)
  let status = 0
  while (performance.now() < deadline) {
    if (child.process.exitCode !== null) break
    status = await statusOf(port, options.path ?? '/')
    if (status === 200) return performance.now()
    await sleep(4)
  }
  throw new Error(`no good answer from port ${port} (status ${status}): ${child.complaint()}`)
}

function statusOf(port: number, path: string): Promise<number> {
  return new Promise(resolve => {
    const asked = request({ host: loopback, port, path, agent: false, timeout: 2000 }, response => {
      response.resume().on('close', () => resolve(response.statusCode ?? 0))
    })
    asked.on('error', () => resolve(0))
    asked.on('timeout', () => asked.destroy())
    asked.end()
  })
}

/** For candidates whose upstreams never answer: connects until something accepts. */
export async function listening(child: Child, port: number, timeoutMs = 20_000): Promise<number> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline && child.process.exitCode === null) {
    if (await accepts(port)) return performance.now()
    await sleep(4)
  }
  throw new Error(`nothing listens on port ${port}: ${child.complaint()}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, loopback)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
