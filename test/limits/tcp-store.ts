import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export type Serve = (socket: Socket) => void

/** A server that does with its connections what it is told to. */
export interface TcpStore {
  readonly url: string
  /** All there were, in order. */
  readonly sockets: readonly Socket[]
  close(): void
}

export const startTcpStore = async (serve: Serve): Promise<TcpStore> => {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket.on('error', () => {}))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Answers each command as a store whose buckets are full. `onCommand` is told of each, and may keep it waiting. */
export const serveCommands =
  (onCommand: (name: string) => void | Promise<void> = () => {}): Serve =>
  socket => {
    let unread = ''
    let answered = Promise.resolve()
    socket.on('data', bytes => {
      unread += bytes.toString('latin1')
      for (let command = firstCommand(unread); command; command = firstCommand(unread)) {
        unread = unread.slice(command.length)
        const { name } = command
        answered = answered.then(async () => {
          await onCommand(name)
          socket.write(name === 'AUTH' ? '+OK\r\n' : ':0\r\n')
        })
      }
    })
  }

/** `*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n`; `undefined` while it is not whole. */
const firstCommand = (bytes: string): { readonly name: string; readonly length: number } | undefined => {
  const words: string[] = []
  let at = 0
  const line = (): string | undefined => {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return undefined
    const text = bytes.slice(at + 1, end)
    at = end + 2
    return text
  }
  for (let left = Number(line()); left > 0; left--) {
    const size = line()
    if (size === undefined || bytes.length < at + Number(size) + 2) return undefined
    words.push(bytes.slice(at, at + Number(size)))
    at += Number(size) + 2
  }
  return words.length > 0 ? { name: words[0]!, length: at } : undefined
}
