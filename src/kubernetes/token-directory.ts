import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { ApiError } from './api-error.ts'
import type { Credentials, Identity } from './credentials.ts'

/** The kubelet renews a token at 80 % of its life and older ones stay valid meanwhile. */
const rereadMs = 60_000

/**
 * Credentials of a ServiceAccount, from the directory in which a pod finds them: `token` and `ca.crt`. Both are
 * read again after a minute, as other clients do, or when the server refused the token. Files that are gone leave
 * what was read last in use.
 */
export const tokenDirectory = (directory: string, clock: Clock): Credentials => {
  let known: Identity | undefined
  let readAt = Number.NEGATIVE_INFINITY
  const read = async (): Promise<Identity> => {
    const [token, ca] = await Promise.all([
      readFile(join(directory, 'token'), 'utf8'),
      readFile(join(directory, 'ca.crt')).catch(absent),
    ])
    if (token.trim() === '') throw new Error(`${join(directory, 'token')} is empty`)
    return { headers: { authorization: `Bearer ${token.trim()}` }, tls: ca ? { ca } : {} }
  }
  return {
    current: async () => {
      if (known && clock.now() - readAt < rereadMs) return known
      try {
        known = await read()
        readAt = clock.now()
      } catch (error) {
        if (!known) throw noToken(directory, error)
      }
      return known
    },
    refresh: () => {
      readAt = Number.NEGATIVE_INFINITY
    },
  }
}

/** Without a CA of its own the cluster must be known to the machine's. */
const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error
}

const noToken = (directory: string, cause: unknown): ApiError =>
  new ApiError(
    'credentials',
    `no token of a ServiceAccount in ${directory}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  )
