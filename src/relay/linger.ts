import type { IncomingMessage, ServerResponse } from 'node:http'

const maxBytes = 2 * 1024 * 1024
const maxMs = 1_000

/**
 * Ends a connection on which the caller is still sending. Closing at once would reset it, and the caller
 * might lose the answer; so the rest is read and dropped for a moment (RFC 9112 §9.6), within bounds.
 */
export const linger = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  response.write(body)
  readOff(request, () => {
    if (!response.writableEnded) response.end()
  })
}

/** Whether the answer is out, and only what the caller still sends keeps it from ending. */
export const isLingering = ({ headersSent, writableEnded }: ServerResponse): boolean =>
  headersSent && !writableEnded

/** Answers before the caller has sent all: the connection is kept if the rest stays within the same bounds. */
export const answerEarly = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  response.end(body)
  readOffOrCut(request)
}

/** The same for an answer that ends by itself, after an upstream's own time. */
export const dropRest = (request: IncomingMessage, response: ServerResponse): void => {
  if (response.writableFinished) readOffOrCut(request)
  else response.once('finish', () => readOffOrCut(request))
  request.resume()
}

const readOffOrCut = (request: IncomingMessage): void =>
  readOff(request, () => {
    if (!request.complete) request.socket.destroySoon()
  })

const readOff = (request: IncomingMessage, onEnd: () => void): void => {
  let bytes = 0
  const end = (): void => {
    clearTimeout(timer)
    request.off('data', count)
    onEnd()
  }
  const count = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > maxBytes) end()
  }
  const timer = setTimeout(end, maxMs)
  request.on('data', count)
  request.once('close', end)
  request.resume()
}
