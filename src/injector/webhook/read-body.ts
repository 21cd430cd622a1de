import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../core/clock.ts'

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** `start` = what was read until the limit was passed. */
  | { readonly kind: 'too_large'; readonly start: Buffer }
  | { readonly kind: 'late' }
  | { readonly kind: 'aborted' }

/** Reads a body within bytes and time; what goes beyond is not kept. Never rejects. */
export const readBody = (
  request: IncomingMessage,
  {
    maxBytes,
    deadlineMs,
    clock,
  }: { readonly maxBytes: number; readonly deadlineMs: number; readonly clock: Clock },
): Promise<Body> =>
  new Promise(resolve => {
    const chunks: Buffer[] = []
    let length = 0
    const end = (body: Body): void => {
      cancel()
      request.off('data', take)
      resolve(body)
    }
    const cancel = clock.after(deadlineMs, () => end({ kind: 'late' }))
    const take = (chunk: Buffer): void => {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxBytes) end({ kind: 'too_large', start: chunks[0]! })
    }
    request.on('data', take)
    request.once('end', () => end({ kind: 'whole', bytes: Buffer.concat(chunks, length) }))
    request.once('close', () => end({ kind: 'aborted' }))
    request.once('error', () => end({ kind: 'aborted' }))
  })
