import { createHash } from 'node:crypto'
import type { RequestHead } from '../request-head.ts'

/**
 * Tells whether a key came back with the request it was first used for. The head goes in as JSON, which says
 * itself where it ends, so that no byte can move from one part to another without a trace.
 */
export const fingerprint = (
  { method, path, query }: Pick<RequestHead, 'method' | 'path' | 'query'>,
  body: Buffer | null,
): string => {
  const hash = createHash('sha256').update(JSON.stringify([method, path, query]))
  if (body) hash.update(body)
  return hash.digest('base64url')
}
