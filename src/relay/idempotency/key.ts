import { randomUUID } from 'node:crypto'
import type { HeaderList } from '../../core/call.ts'

/**
 * Bare: 1 to 255 characters of visible ASCII. Quoted: a String of Structured Fields (RFC 9651 §3.3.3), as
 * draft-ietf-httpapi-idempotency-key-header-07 §2.1 has it, which may hold spaces; its 255 count within the
 * quotes. What begins with a quote must be such a String, or the end of the key would be open to debate.
 */
const validKey = /^(?:[!#-~][!-~]{0,254}|"(?:[ !#-[\]-~]|\\["\\]){1,255}")$/

/** The caller's idempotency key as it was sent, quotes included; two of them are none. `name` in lower case. */
export const readKey = (
  headers: HeaderList,
  name: string,
): { readonly key: string } | 'absent' | 'invalid' => {
  let key: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i]!
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue
    if (key !== undefined) return 'invalid'
    key = headers[i + 1]!
  }
  if (key === undefined) return 'absent'
  return validKey.test(key) ? { key } : 'invalid'
}

/** The key one leg is sent with: legs may share an upstream, and each asks it for something else. */
export const legKey = (key: string, leg: string): string =>
  key.startsWith('"') ? `${key.slice(0, -1)}-${leg}"` : `${key}-${leg}`

/** A key for a request that brought none; nobody can guess it. */
export const newKey = (): string => randomUUID()
