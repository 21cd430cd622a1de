import type { IncomingMessage } from 'node:http'
import { nominatedFields } from '../core/connection-options.ts'
import { nameTable } from '../core/name-table.ts'
import { badRequest, type Rejection } from './rejection.ts'
import { isRequestId } from './request-id.ts'
import { parseTarget } from './request-target.ts'

/** What the relay needs of a request's head, read from the raw fields in one pass. */
export interface RequestHead {
  readonly method: string
  /** Without the query, byte for byte. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  readonly pathAndQuery: string
  /** Authority the caller asked for: Host, or that of an absolute-form target (RFC 9112 §3.2.2). */
  readonly host: string
  /** End-to-end fields for the upstreams, names and values alternating; shared by legs that change nothing. */
  readonly headers: readonly string[]
  /** Accept-Encoding is among the headers. */
  readonly acceptsCoding: boolean
  readonly requestId: string
  readonly traceparent: string | undefined
  /** Declared size; 0 = no body; `undefined` = chunked. */
  readonly contentLength: number | undefined
}

export interface HeadOptions {
  /** Pseudonym in `Via`, unique to this process: finding it in a request means a loop (RFC 9110 §7.6.3). */
  readonly pseudonym: string
  readonly nextRequestId: () => string
}

/** Reads a head, or says why it cannot be relayed. */
export type HeadReader = (request: IncomingMessage) => RequestHead | Rejection

const field = {
  drop: 1,
  connection: 2,
  length: 3,
  coding: 4,
  host: 5,
  id: 6,
  trace: 7,
  via: 8,
  state: 9,
  hops: 10,
  accept: 11,
} as const

/** Fields that do not travel on as they are. Everything else is copied without being looked at. */
const special = nameTable({
  'keep-alive': field.drop,
  'proxy-connection': field.drop,
  'proxy-authorization': field.drop,
  te: field.drop,
  trailer: field.drop,
  upgrade: field.drop,
  'http2-settings': field.drop,
  expect: field.drop,
  'x-fanout-role': field.drop,
  connection: field.connection,
  'content-length': field.length,
  'transfer-encoding': field.coding,
  host: field.host,
  'x-request-id': field.id,
  traceparent: field.trace,
  tracestate: field.state,
  via: field.via,
  'max-forwards': field.hops,
  'accept-encoding': field.accept,
})

/** RFC 3986 §3.2.2 without the comma, which would let two hosts pass for one; ports up to 65535. */
const validHost =
  /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~!$&'()*+;=%-]{1,255})(?::(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$/
/** W3C Trace Context §3.2: version, trace-id, parent-id, flags; all-zero ids are invalid, 00 has no fifth part. */
const validTraceparent =
  /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/
/** Fields that must not be taken away by naming them in Connection: that is how proxies are fooled. */
const notNominable =
  /^(?:host|content-length|authorization|cookie|via|x-request-id|traceparent|tracestate|forwarded|x-forwarded-.*)$/

/** `nextRequestId` is asked for requests that bring no valid id of their own. */
export const headReader = ({ pseudonym, nextRequestId }: HeadOptions): HeadReader => {
  const via11 = `1.1 ${pseudonym}`
  /** Callers name one host again and again; it is checked once. */
  let knownHost: string | undefined
  const isValidHost = (host: string): boolean => {
    if (host === knownHost) return true
    if (!validHost.test(host)) return false
    knownHost = host
    return true
  }

  return function readHead(request) {
    if (request.httpVersionMajor !== 1) return unknownVersion
    const raw = request.rawHeaders
    const headers: string[] = []
    let host: string | undefined
    let requestId: string | undefined
    let traceparent: string | undefined
    let tracestate: string | undefined
    let via = ''
    let nominated: ReadonlySet<string> | undefined
    let contentLength: number | undefined = 0
    let acceptsCoding = false

    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!
      const value = raw[i + 1]!
      switch (special(name)) {
        case 0:
          headers.push(name, value)
          break
        case field.connection:
          nominated = nominatedFields(value, nominated)
          break
        case field.length:
          contentLength = Number(value)
          // Beyond 2^53 the number is no longer the one that was sent.
          if (!Number.isSafeInteger(contentLength)) return badRequest('Content-Length is too large.')
          break
        case field.coding:
          // Only plain chunked can be taken off and put on again without changing what the body means.
          if (contentLength === undefined || value.toLowerCase() !== 'chunked') return unknownCoding
          if (request.httpVersionMinor === 0)
            return badRequest('Transfer-Encoding is not allowed in HTTP/1.0.')
          contentLength = undefined
          break
        case field.host:
          if (host !== undefined) return badRequest('More than one Host header.')
          host = value
          break
        case field.id:
          requestId = isRequestId(value) ? value : undefined
          break
        case field.trace:
          // A second or malformed traceparent restarts the trace (W3C Trace Context §3.2.1).
          traceparent = traceparent === undefined && validTraceparent.test(value) ? value : ''
          break
        case field.state:
          tracestate = tracestate === undefined ? value : `${tracestate},${value}`
          break
        case field.via:
          if (value.includes(pseudonym)) return loop
          via = via === '' ? value : `${via}, ${value}`
          break
        case field.accept:
          acceptsCoding = true
          headers.push(name, value)
          break
        case field.hops:
          headers.push(name, request.method === 'OPTIONS' ? oneHopLess(value) : value)
          break
      }
    }

    const target = parseTarget(request.url ?? '')
    if ('detail' in target) return target
    const authority = target.authority ?? host ?? ''
    if (host === undefined && request.httpVersionMinor === 1) return badRequest('The Host header is missing.')
    if (host !== undefined && !isValidHost(host)) return badRequest('Host is not a valid host and port.')
    if (target.authority !== undefined && !isValidHost(target.authority))
      return badRequest('The request target has an invalid authority.')
    if (nominated) {
      for (const name of nominated)
        if (notNominable.test(name)) return badRequest(`Connection must not name ${name}.`)
      removeNamed(headers, nominated)
    }

    requestId ??= nextRequestId()
    const here = request.httpVersionMinor === 0 ? `1.0 ${pseudonym}` : via11
    headers.push('x-request-id', requestId, 'via', via === '' ? here : `${via}, ${here}`)
    if (traceparent) {
      headers.push('traceparent', traceparent)
      if (tracestate !== undefined && tracestate.length <= 512) headers.push('tracestate', tracestate)
    }

    return {
      method: request.method ?? 'GET',
      path: target.path,
      query: target.query,
      pathAndQuery: target.pathAndQuery,
      host: authority,
      headers,
      acceptsCoding,
      requestId,
      traceparent: traceparent || undefined,
      contentLength,
    }
  }
}

const unknownCoding: Rejection = {
  ...badRequest('Transfer-Encoding must be chunked and nothing else.'),
  status: 501,
  code: 'not_implemented',
  title: 'Transfer coding not implemented',
}

const unknownVersion: Rejection = {
  ...badRequest('The relay speaks HTTP/1.1 and HTTP/1.0.'),
  status: 505,
  code: 'http_version_not_supported',
  title: 'HTTP version not supported',
}

const loop: Rejection = {
  status: 508,
  code: 'loop_detected',
  title: 'Loop detected',
  detail: 'This request has passed through this relay before: an upstream of the route leads back to it.',
  close: false,
}

/** RFC 9110 §7.6.2. Zero does not come here: such a request has arrived. */
const oneHopLess = (value: string): string =>
  /^[1-9][0-9]{0,8}$/.test(value) ? String(Number(value) - 1) : value

const removeNamed = (headers: string[], names: ReadonlySet<string>): void => {
  let kept = 0
  for (let i = 0; i < headers.length; i += 2) {
    if (names.has(headers[i]!.toLowerCase())) continue
    headers[kept++] = headers[i]!
    headers[kept++] = headers[i + 1]!
  }
  headers.length = kept
}
