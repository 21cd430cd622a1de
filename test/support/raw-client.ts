import { connect, type Socket } from 'node:net'

/** One response, read by a parser of the tests' own so that no client library mends what it gets. */
export interface RawResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly header: (name: string) => string | undefined
  readonly all: (name: string) => string[]
  readonly body: Buffer
  /** False when the message stopped before its framing said so. */
  readonly complete: boolean
  /** Bytes after the message. */
  readonly rest: Buffer
}

/** A connection that sends exactly the bytes it is given. */
export class RawClient {
  readonly socket: Socket
  received: Buffer = Buffer.alloc(0)
  closed = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', chunk => {
      this.received = Buffer.concat([this.received, chunk as Buffer])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('connect', () => resolve(new RawClient(socket)))
      socket.once('error', reject)
    })
  }

  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  /** Reads the next final response, skipping 1xx unless `interim`; gives what is there when the peer closes. */
  async response({ method = 'GET', interim = false, withinMs = 20_000 } = {}): Promise<RawResponse> {
    for (;;) {
      const parsed = await this.#until(() => parseResponse(this.received, method, this.closed), withinMs)
      this.received = parsed.rest
      if (interim || parsed.status >= 200 || !parsed.complete) return parsed
    }
  }

  async untilClosed(withinMs = 20_000): Promise<Buffer> {
    await this.#until(() => (this.closed ? true : undefined), withinMs)
    return this.received
  }

  /** Reads nothing any more: the peer's writes back up. */
  pause(): void {
    this.socket.pause()
  }

  close(): void {
    this.socket.destroy()
  }

  async #until<T>(probe: () => T | undefined, withinMs: number): Promise<T> {
    const until = performance.now() + withinMs
    for (;;) {
      const value = probe()
      if (value !== undefined) return value
      const left = until - performance.now()
      if (left <= 0)
        throw new Error(`nothing after ${withinMs} ms; received: ${this.received.toString('latin1')}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** Sends one message and reads one answer on a connection of its own. */
export const exchangeRaw = async (
  port: number,
  bytes: string | Buffer,
  method = 'GET',
): Promise<RawResponse> => {
  const client = await RawClient.connect(port)
  try {
    return await client.send(bytes).response({ method })
  } finally {
    client.close()
  }
}

const parseResponse = (bytes: Buffer, method: string, closed: boolean): RawResponse | undefined => {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return closed ? make(0, [], bytes, false, Buffer.alloc(0)) : undefined
  const [statusLine, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(statusLine!.split(' ')[1])
  const headers = lines.map(line => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const value = (name: string) => headers.find(([n]) => n.toLowerCase() === name)?.[1]
  const rest = bytes.subarray(end + 4)
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD')
    return make(status, headers, Buffer.alloc(0), true, rest)
  if (value('transfer-encoding')?.toLowerCase() === 'chunked') return chunked(status, headers, rest, closed)
  const length = value('content-length')
  if (length === undefined) return closed ? make(status, headers, rest, true, Buffer.alloc(0)) : undefined
  const size = Number(length)
  if (rest.length >= size) return make(status, headers, rest.subarray(0, size), true, rest.subarray(size))
  return closed ? make(status, headers, rest, false, Buffer.alloc(0)) : undefined
}

const chunked = (
  status: number,
  headers: RawResponse['headers'],
  bytes: Buffer,
  closed: boolean,
): RawResponse | undefined => {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    const size = line === -1 ? Number.NaN : Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16)
    const enough = line !== -1 && bytes.length >= line + 2 + size + 2
    if (!enough)
      return closed ? make(status, headers, Buffer.concat(parts), false, Buffer.alloc(0)) : undefined
    if (size === 0) return make(status, headers, Buffer.concat(parts), true, bytes.subarray(line + 4))
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

const make = (
  status: number,
  headers: RawResponse['headers'],
  body: Buffer,
  complete: boolean,
  rest: Buffer,
): RawResponse => ({
  status,
  headers,
  header: name => headers.find(([n]) => n.toLowerCase() === name)?.[1],
  all: name => headers.filter(([n]) => n.toLowerCase() === name).map(([, value]) => value),
  body,
  complete,
  rest,
})
