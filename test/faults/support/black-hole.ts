import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Faulty } from '../row.ts'
import { startScripted } from './scripted.ts'

interface Pipe {
  readonly near: Socket
  readonly far: Socket
}

/**
 * A well upstream behind a forwarder of bytes that can stop forwarding both ways without closing, which is
 * what a half-open connection looks like from here: writes are taken, and nothing ever comes back.
 */
export const startBlackHole = async (): Promise<Faulty> => {
  const well = await startScripted(() => {})
  const pipes = new Set<Pipe>()
  let swallowsNew = false
  const server = createServer(near => {
    const far = connect(Number(new URL(well.url).port), '127.0.0.1')
    const pipe = { near, far }
    pipes.add(pipe)
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        pipes.delete(pipe)
        near.destroy()
        far.destroy()
      })
    }
    if (swallowsNew) swallow(pipe)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: well.requests,
    openSockets: () => pipes.size,
    arm: times => {
      for (const pipe of pipes) swallow(pipe)
      swallowsNew = times > 1
    },
    heal: () => {
      swallowsNew = false
    },
    close: async () => {
      for (const { near } of pipes) near.destroy()
      await new Promise(resolve => server.close(resolve))
      await well.close()
    },
  }
}

/** The near end goes on reading, so that it notices when the relay gives the connection up. */
const swallow = ({ near, far }: Pipe): void => {
  near.unpipe(far)
  far.unpipe(near)
  near.resume()
  far.pause()
}
