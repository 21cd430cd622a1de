import type { RequestShape } from './orders.ts'

/** The bytes of each request of a shape, made once: sending is then one write. */
export function requestBytes(shape: RequestShape): Buffer[] {
  const body = shape.bodyBytes > 0 ? jsonOf(shape.bodyBytes) : ''
  return shape.paths.map(path => Buffer.from(head(shape.method, path, body.length) + body))
}

/** The head of an upload; its body follows in pieces. */
export function uploadHead(bytes: number): Buffer {
  return Buffer.from(head('POST', '/', bytes))
}

/** Valid JSON of exactly so many bytes: every candidate can parse it, those that must do. */
export function jsonOf(bytes: number): string {
  return `{"data":"${'x'.repeat(Math.max(0, bytes - 11))}"}`
}

function head(method: string, path: string, bodyBytes: number): string {
  // About what a service's own HTTP client sends; a bare minimum would flatter whoever copies headers slowly.
  const fields = [
    `${method} ${path} HTTP/1.1`,
    'Host: orders.local',
    'User-Agent: fanout-relay-bench',
    'Accept: application/json',
    'Accept-Encoding: gzip, deflate',
    'X-Request-Id: 6f1c2f7e-8f0a-4a1d-9a51-2f8f4f0c8f11',
  ]
  if (bodyBytes > 0) fields.push('Content-Type: application/json', `Content-Length: ${bodyBytes}`)
  return `${fields.join('\r\n')}\r\n\r\n`
}
