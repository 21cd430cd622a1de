import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Faulty, StartOptions } from '../row.ts'

/** What the upstream does in place of an answer. */
export type Script = (socket: Socket) => void

interface ScriptedOptions extends Partial<StartOptions> {
  /** Acts on the head already, without waiting for the body. */
  readonly atHead?: boolean
}

export const wellBody = '{"ok":true}'
const well = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${wellBody.length}\r\n\r\n${wellBody}`

/** An HTTP server on a plain socket: well, but for the requests that it is armed for. */
export const startScripted = async (
  script: Script,
  { delayMs = 0, atHead = false }: ScriptedOptions = {},
): Promise<Faulty> => {
  const sockets = new Set<Socket>()
  let requests = 0
  let bytes = 0
  let left = 0
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let failsThis = false
    const reader = requestReader({
      onHead: () => {
        requests++
        failsThis = left > 0
        if (failsThis) left--
        if (failsThis && atHead) act()
      },
      onEnd: () => {
        if (!failsThis) socket.write(well)
        else if (!atHead) act()
      },
    })
    const act = (): void => {
      if (delayMs === 0) script(socket)
      else setTimeout(() => script(socket), delayMs)
    }
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      reader(chunk)
    })
  })
  const port = await new Promise<number>(resolve =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    bytes: () => bytes,
    openSockets: () => sockets.size,
    arm: times => {
      left = times
    },
    heal: () => {
      left = 0
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Finds where requests begin and end; bodies have a length or are chunked. */
const requestReader = (events: { onHead(): void; onEnd(): void }): ((chunk: Buffer) => void) => {
  let head = ''
  let bodyLeft = 0
  let tail: string | undefined
  return chunk => {
    let at = 0
    while (at < chunk.length) {
      if (tail !== undefined) {
        tail = (tail + chunk.subarray(at).toString('latin1')).slice(-7)
        at = chunk.length
        if (!tail.endsWith('\r\n0\r\n\r\n')) continue
        tail = undefined
        events.onEnd()
      } else if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, chunk.length - at)
        at += taken
        bodyLeft -= taken
        if (bodyLeft === 0) events.onEnd()
      } else {
        const before = head.length
        head += chunk.subarray(at).toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        at += end + 4 - before
        bodyLeft = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
        if (/^transfer-encoding: *chunked/im.test(head)) tail = '\r\n'
        head = ''
        events.onHead()
        if (bodyLeft === 0 && tail === undefined) events.onEnd()
      }
    }
  }
}
