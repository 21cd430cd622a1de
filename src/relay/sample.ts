import { headerValue } from './header-value.ts'
import type { RequestHead } from './request-head.ts'

/** Whether a request is in a shadow's percentage; `draw` is one number in [0, 100) for the whole request. */
export type Sample = (head: RequestHead, draw: number) => boolean

/** The same header value gets the same decision on every shadow and every relay. */
export const sampler = (percent: number, header: string | undefined): Sample => {
  if (header === undefined) return (_head, draw) => draw < percent
  return (head, draw) => {
    const key = headerValue(head.headers, header)
    return (key === undefined ? draw : (hash(key) / 2 ** 32) * 100) < percent
  }
}

/** FNV-1a with the final mix of MurmurHash3: spreads keys that differ in one character over the range. */
const hash = (key: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
