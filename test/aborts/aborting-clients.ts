import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/*
 * Clients that leave in the middle, for the abort test: with a reset, at a moment that the seed decides.
 */

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const stages = ['head', 'upload', 'wait', 'download'] as const
export type Stage = (typeof stages)[number]

/** Where a client leaves, in bytes sent and received. */
interface Departure {
  readonly stage: Stage
  readonly bytes: Buffer
  /** Leaves after this many bytes of the answer; 0 = without waiting for one. */
  readonly received: number
}

const paths = ['/primary', '/first', '/envelope', '/stream']

const plan = (random: () => number): Departure => {
  const stage = stages[Math.floor(random() * stages.length)]!
  const path = paths[Math.floor(random() * paths.length)]!
  const writes = stage === 'upload' || random() < 0.5
  const size = writes ? Math.floor(random() * 200_000) : 0
  const chunked = random() < 0.5
  const framing = !writes ? '' : chunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${size}\r\n`
  const head = `${writes ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nHost: relay.test\r\n${framing}\r\n`
  const body = Buffer.alloc(size, 'relay')
  const chunk = size === 0 ? '' : `${size.toString(16)}\r\n`
  const framed =
    !chunked || !writes
      ? body
      : Buffer.concat([Buffer.from(chunk), body, Buffer.from(`${chunk && '\r\n'}0\r\n\r\n`)])
  const whole = Buffer.concat([Buffer.from(head), framed])
  const upTo = (end: number, from = 0): Buffer =>
    whole.subarray(0, from + Math.floor(random() * (end - from)))
  switch (stage) {
    case 'head':
      return { stage, bytes: upTo(head.length), received: 0 }
    case 'upload':
      return { stage, bytes: upTo(whole.length, head.length), received: 0 }
    case 'wait':
      return { stage, bytes: whole, received: 0 }
    case 'download':
      return { stage, bytes: whole, received: 1 + Math.floor(random() * 300_000) }
  }
}

interface AbortOptions {
  readonly port: number
  readonly count: number
  readonly seed: number
  readonly concurrency?: number
}

/** Lets `count` clients begin and leave; resolves when the last has. Counts them by stage. */
export const abortMany = async ({
  port,
  count,
  seed,
  concurrency = 64,
}: AbortOptions): Promise<Record<Stage, number>> => {
  const random = seeded(seed)
  const left: Record<Stage, number> = { head: 0, upload: 0, wait: 0, download: 0 }
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun++ < count) {
      const departure = plan(random)
      await leave(port, departure, random() * 8)
      left[departure.stage]++
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return left
}

const leave = (port: number, { stage, bytes, received }: Departure, waitMs: number): Promise<void> =>
  new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let got = 0
    const go = (): void => {
      if (!socket.destroyed) socket.resetAndDestroy()
    }
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    // A small answer may be whole before the chosen byte, and then this keep-alive connection stays silent.
    const timer = setTimeout(go, stage === 'download' ? 250 : 2_000)
    socket.on('close', () => clearTimeout(timer))
    socket.on('data', chunk => {
      got += chunk.length
      if (received > 0 && got >= received) go()
    })
    socket.on('connect', () => {
      socket.write(bytes, () => {
        if (stage === 'wait') setTimeout(go, waitMs)
        else if (stage !== 'download') setImmediate(go)
      })
      if (bytes.length === 0) go()
    })
  })

/** Upstreams that take their time: answers come in pieces, some late, some are refusals. */
export const startSlowUpstream = async (seed: number) => {
  const random = seeded(seed)
  const server = createServer((request, response) => {
    request.on('error', () => {})
    request.resume()
    const pieces = 1 + Math.floor(random() * 8)
    const status = random() < 0.2 ? 503 : 200
    const piece = Buffer.alloc(Math.floor(random() * 60_000), 'x')
    const answer = (): void => {
      response.writeHead(status, { 'content-type': 'text/plain' })
      let sent = 0
      const next = (): void => {
        if (response.destroyed) return
        if (++sent > pieces) response.end()
        else response.write(piece, () => setImmediate(next))
      }
      next()
    }
    setTimeout(answer, random() * 10)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Specs of the routes that the clients ask for. */
export const abortRoutes = (urls: readonly [string, string, string]) => {
  const upstreams = [
    { name: 'a', url: urls[0] },
    { name: 'b', url: urls[1] },
    { name: 'copy', url: urls[2], role: 'Shadow' },
  ]
  const route = (path: string, response: object, limits: object = {}) => ({
    matches: [{ path: { value: path } }],
    timeouts: { request: '5s' },
    upstreams,
    response,
    limits,
  })
  return {
    primary: route('/primary', { success: 'Primary', from: 'a' }),
    first: route('/first', { success: 'First' }),
    envelope: route('/envelope', { success: 'Any', body: 'Envelope' }),
    stream: route(
      '/stream',
      { success: 'Primary', from: 'a' },
      { maxBodySize: '16Ki', onOversize: 'StreamAll' },
    ),
  }
}
