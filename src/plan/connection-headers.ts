/**
 * Framing and connection headers (RFC 9110 §7.6.1, RFC 9112 §6): the relay takes a caller's away and makes
 * its own for each hop, so a route can neither match nor change them. Names in lower case.
 */
export const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
