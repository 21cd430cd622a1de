import type { HeaderList } from '../core/call.ts'

/** Fields that concern one connection only (RFC 9110 §7.6.1); undici has taken the framing off already. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What the relay says itself, so that an upstream's word under the same name would contradict it. */
const ours = new Set(['x-request-id', 'x-fanout-status'])

/** `undefined` when the message must not be believed: a transfer coding the relay did not take off. */
export const endToEndHeaders = (raw: readonly Buffer[]): HeaderList | undefined => {
  const headers: string[] = []
  let nominated: Set<string> | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // latin1 keeps every byte of obs-text as it is (RFC 9110 §5.5).
    const name = raw[i]!.toString('latin1')
    const lower = name.toLowerCase()
    const value = raw[i + 1]!.toString('latin1')
    if (hopByHop.has(lower)) {
      if (lower === 'connection') nominated = nominate(nominated, value)
      else if (lower === 'transfer-encoding' && value.toLowerCase() !== 'chunked') return undefined
    } else if (!ours.has(lower)) headers.push(name, value)
  }
  return nominated ? without(headers, nominated) : headers
}

/** Tokens of `Connection` name further fields of this hop; keep-alive and close name none. */
const nominate = (known: Set<string> | undefined, value: string): Set<string> | undefined => {
  let names = known
  for (const token of value.toLowerCase().split(',')) {
    const name = token.trim()
    if (name === '' || name === 'keep-alive' || name === 'close') continue
    names ??= new Set()
    names.add(name)
  }
  return names
}

const without = (headers: readonly string[], names: ReadonlySet<string>): string[] => {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    // Framing cannot be nominated away: Content-Length stays true for the body that follows.
    const lower = headers[i]!.toLowerCase()
    if (lower === 'content-length' || !names.has(lower)) kept.push(headers[i]!, headers[i + 1]!)
  }
  return kept
}
