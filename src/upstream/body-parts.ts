import { Readable } from 'node:stream'

/** Up to this a body is handed over in one piece: the kernel takes about as much before the answer can come. */
export const maxWholeBody = 256 * 1024
const partBytes = 64 * 1024

/**
 * A body in parts, so that the rest is not sent once the answer is there: a Buffer goes to the socket whole, and a
 * connection with an upload behind it would go back to the pool.
 */
export const bodyInParts = (body: Buffer): Readable => Readable.from(partsOf(body), { objectMode: false })

function* partsOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += partBytes) yield body.subarray(at, at + partBytes)
}
