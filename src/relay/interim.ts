import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { HeaderList } from '../core/call.ts'

/**
 * Passes an interim response on with all of its fields (RFC 9110 §15.2); Node's own methods know only some
 * statuses and fields, and throw at what is valid elsewhere. 100 and 101 are settled on each connection alone.
 */
export const writeInterim = (response: ServerResponse, status: number, headers: HeaderList): void => {
  // Without a socket the answer to an earlier request is still under way; a hint that waits is none.
  const { socket } = response
  if (!socket?.writable || response.headersSent || response.req.httpVersionMinor === 0 || status < 102) return
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Interim'}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  socket.write(`${text}\r\n`, 'latin1')
}
