import type { Duplex } from 'node:stream'

interface Refusal {
  readonly status: string
  readonly code: string
  readonly detail: string
}

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'headers_too_large',
    detail: 'The request line and headers exceed 16 KiB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Content Too Large',
    code: 'body_too_large',
    detail: 'The chunk extensions are too large.',
  },
  HPE_INVALID_TRANSFER_ENCODING: {
    status: '501 Not Implemented',
    code: 'not_implemented',
    detail: 'Transfer-Encoding must be chunked and nothing else.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request_timeout',
    detail: 'The request head did not arrive within 10 s.',
  },
  FANOUT_CONNECT: {
    status: '405 Method Not Allowed',
    code: 'method_not_allowed',
    detail: 'CONNECT is not relayed: a fan-out has no tunnel to give.',
  },
}

const malformed: Refusal = {
  status: '400 Bad Request',
  code: 'bad_request',
  detail: 'The message is not valid HTTP/1.1.',
}

/**
 * What cannot be parsed is answered on the bare socket, and the connection ends: whatever follows on it
 * would be read in the wrong place (RFC 9112 §2.2, §9.6).
 */
export const refuseConnection = (error: { readonly code?: string }, socket: Duplex): void => {
  // `_httpMessage` is the answer under way on this socket; a second one inside it would corrupt it.
  const { _httpMessage: current } = socket as { _httpMessage?: { headersSent: boolean } | null }
  if (error.code === 'ECONNRESET' || !socket.writable || current?.headersSent) {
    socket.destroy()
    return
  }
  const { status, code, detail } = refusals[error.code ?? ''] ?? malformed
  const [number, ...title] = status.split(' ')
  const problem = { type: 'about:blank', title: title.join(' '), status: Number(number), detail, code }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
