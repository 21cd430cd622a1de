import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ResponseReader } from './response-reader.ts'

export type OnAnswer = (connection: Connection, status: number) => void

/** One keep-alive client connection on a raw socket: lighter than any HTTP client, so it measures others. */
export class Connection {
  readonly #port: number
  readonly #onAnswer: OnAnswer
  readonly #reader = new ResponseReader()
  readonly #buffer = Buffer.allocUnsafeSlow(65_536)
  #socket: Socket | undefined
  #waiting = false
  /** When the request on its way was due, for latency; owned by whoever sends. */
  startedAt = 0

  constructor(port: number, onAnswer: OnAnswer) {
    this.#port = port
    this.#onAnswer = onAnswer
  }

  send(request: Buffer): void {
    this.#waiting = true
    this.#socket ??= this.#open()
    this.#socket.write(request)
  }

  /** Connects ahead of the first request; resolves when that is done, well or not. */
  async ready(): Promise<void> {
    this.#socket ??= this.#open()
    const socket = this.#socket
    if (socket.connecting)
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  }

  close(): void {
    this.#waiting = false
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket: Socket = connect({
      host: '127.0.0.1',
      port: this.#port,
      noDelay: true,
      onread: { buffer: this.#buffer, callback: length => this.#read(length) },
    })
    socket.on('error', () => {})
    // An idle connection may be closed by its server at any time; the next request opens another.
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined
      this.#reader.reset()
      this.#answer(0)
    })
    return socket
  }

  #read(length: number): boolean {
    if (this.#reader.push(this.#buffer.subarray(0, length))) this.#answer(this.#reader.status)
    return true
  }

  /** Status 0 says that the connection ended without an answer. */
  #answer(status: number): void {
    if (!this.#waiting) return
    this.#waiting = false
    this.#onAnswer(this, status)
  }
}
