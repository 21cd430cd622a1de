import type { IncomingMessage } from 'node:http'

/** Collects a body of known length; a body in one piece is passed on as it is. */
export function capture(incoming: IncomingMessage, length: number, onBody: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let received = 0
  incoming.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    received += chunk.length
    // Dispatched at the last byte: 'end' comes later.
    if (received === length) onBody(chunks.length === 1 ? chunk : Buffer.concat(chunks, length))
  })
}
