import type { IncomingMessage, ServerResponse } from 'node:http'

const maxBytes = 2 * 1024 * 1024
const maxMs = 1_000

/**
 * Ends a connection on which the caller is still sending. Closing at once would reset it, and the caller
 * might lose the answer; so the rest is read and dropped for a moment (RFC 9112 §9.6), within bounds.
 */
export const linger = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  let bytes = 0
  const end = (): void => {
    clearTimeout(timer)
    if (!response.writableEnded) response.end()
  }
  const timer = setTimeout(end, maxMs)
  response.write(body)
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) end()
  })
  request.once('close', end)
  request.once('end', end)
  request.resume()
}
