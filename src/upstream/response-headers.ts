import type { HeaderList } from '../core/call.ts'
import { nominatedFields } from '../core/connection-options.ts'
import { nameTable } from '../core/name-table.ts'

const field = { drop: 1, connection: 2, length: 3 } as const

/** Other fields than these are for the receiver of the answer. */
const special = nameTable({
  connection: field.connection,
  'content-length': field.length,
  // One connection only (RFC 9110 §7.6.1); undici has taken the framing off already.
  'keep-alive': field.drop,
  'proxy-connection': field.drop,
  'proxy-authenticate': field.drop,
  te: field.drop,
  trailer: field.drop,
  'transfer-encoding': field.drop,
  upgrade: field.drop,
  // What the relay says itself, so that an upstream's word under the same name would contradict it.
  'x-request-id': field.drop,
  'x-fanout-status': field.drop,
})

const transferEncoding = 'transfer-encoding'

/**
 * False for a transfer coding other than chunked: it would stay on the body, and whoever gets the body would
 * not know (RFC 9112 §6.1). Lengths are compared first, because almost no answer has the field.
 */
export const isPlainlyCoded = (raw: readonly Buffer[]): boolean => {
  let codings = 0
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]!.length !== transferEncoding.length) continue
    if (textOf(raw[i]!).toLowerCase() !== transferEncoding) continue
    if (++codings > 1 || textOf(raw[i + 1]!).toLowerCase() !== 'chunked') return false
  }
  return true
}

/** What of an answer's head is for its receiver, in wire order and spelling. */
export const endToEndHeaders = (raw: readonly Buffer[], status: number): HeaderList => {
  const headers: string[] = []
  const bodyless = status < 200 || status === 204
  let nominated: ReadonlySet<string> | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = textOf(raw[i]!)
    const meaning = special(name)
    if (meaning === field.connection) nominated = nominatedFields(textOf(raw[i + 1]!), nominated)
    // RFC 9110 §8.6: without a body there is no length that could be told.
    else if (meaning === 0 || (meaning === field.length && !bodyless)) headers.push(name, textOf(raw[i + 1]!))
  }
  return nominated ? without(headers, nominated) : headers
}

/** latin1 keeps every byte of obs-text as it is (RFC 9110 §5.5); the bare method is half of what toString costs. */
const textOf = (bytes: Buffer): string => (bytes as Buffer & { latin1Slice(): string }).latin1Slice()

const without = (headers: readonly string[], names: ReadonlySet<string>): string[] => {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    // Framing cannot be nominated away: Content-Length stays true for the body that follows.
    const lower = headers[i]!.toLowerCase()
    if (lower === 'content-length' || !names.has(lower)) kept.push(headers[i]!, headers[i + 1]!)
  }
  return kept
}
