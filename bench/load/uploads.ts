import { connect } from 'node:net'
import type { UploadOrder, UploadResult } from './orders.ts'
import { jsonOf, uploadHead } from './request-bytes.ts'
import { ResponseReader } from './response-reader.ts'

const pieceBytes = 65_536

/** Large bodies, several at a time, each on a connection of its own and sent only as fast as they are read. */
export async function uploads(order: UploadOrder): Promise<UploadResult> {
  const body = Buffer.from(jsonOf(order.bytes))
  const giveUp = performance.now() + order.maxMs
  const answersMs: number[] = []
  let errors = 0
  let begun = 0
  const worker = async () => {
    while (begun < order.count && performance.now() < giveUp) {
      begun += 1
      const startedAt = performance.now()
      const status = await upload(order.port, body, giveUp - startedAt)
      if (status === 200) answersMs.push(performance.now() - startedAt)
      else errors += 1
    }
  }
  await Promise.all(Array.from({ length: order.concurrency }, worker))
  return { answersMs, errors }
}

/** Resolves with the status, or 0 where the connection ended or the time ran out first. */
function upload(port: number, body: Buffer, timeoutMs: number): Promise<number> {
  return new Promise(resolve => {
    const reader = new ResponseReader()
    const socket = connect(port, '127.0.0.1')
    let offset = 0
    const write = () => {
      while (offset < body.length) {
        const piece = body.subarray(offset, offset + pieceBytes)
        offset += piece.length
        if (!socket.write(piece)) return
      }
    }
    const end = (status: number) => {
      clearTimeout(impatience)
      resolve(status)
      socket.destroy()
    }
    const impatience = setTimeout(end, timeoutMs, 0)
    socket.on('drain', write)
    socket.on('data', (bytes: Buffer) => reader.push(bytes) && end(reader.status))
    socket.on('error', () => {})
    socket.on('close', () => end(0))
    socket.write(uploadHead(body.length))
    write()
  })
}
