import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

const listener = `
const { parentPort, workerData } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ ...workerData.at, backlog: 1 }, () => {
  parentPort.postMessage('listening')
  Atomics.wait(new Int32Array(workerData.forever), 0, 0)
})`

/**
 * A listener that accepts nothing and has as many connections waiting as fit: the next SYN gets no answer
 * at all, as from an address where packets are dropped.
 */
export const startFullBacklog = async (host: string, port: number): Promise<{ close(): unknown }> => {
  const workerData = { at: { host, port }, forever: new SharedArrayBuffer(4) }
  const worker = new Worker(listener, { eval: true, workerData })
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const waiting: Socket[] = []
  let full = false
  while (!full && waiting.length < 8) {
    const socket = connect({ host, port })
    socket.on('error', () => {})
    waiting.push(socket)
    full = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(false))
      // On a busy machine the time may be up before the connection that is there has been looked at: one turn more.
      setTimeout(() => setImmediate(() => setImmediate(() => resolve(true))), 100)
    })
  }
  if (!full) throw new Error('the backlog does not fill')
  return {
    close: async () => {
      for (const socket of waiting) socket.destroy()
      await worker.terminate()
    },
  }
}
