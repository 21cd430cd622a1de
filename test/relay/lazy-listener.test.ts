import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lazyListener } from '../../src/relay/lazy-listener.ts'

/** What reaches the top, where the process counts and logs it. */
const defects: unknown[] = []
const collect = (reason: unknown): void => void defects.push(reason)
let others: NodeJS.UnhandledRejectionListener[]

beforeEach(() => {
  others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', collect)
})

afterEach(() => {
  process.removeAllListeners('unhandledRejection')
  for (const listener of others) process.on('unhandledRejection', listener)
})

test('an app that cannot be loaded costs the request, not those after it', async () => {
  let loads = 0
  const listener = lazyListener(async () => {
    if (++loads === 1) throw new Error('too many open files')
    return { fetch: () => new Response('here', { status: 201 }) }
  })
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  try {
    const first = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    expect([first.status, await first.text()]).toEqual([500, ''])
    const second = await fetch(url)
    expect([second.status, await second.text(), loads]).toEqual([201, 'here', 2])
    expect(String(defects)).toContain('too many open files')
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
