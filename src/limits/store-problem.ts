/** Why a store could not be asked, for the log: what was said, and what mends it where that is known. */
export interface StoreProblem {
  readonly reason: string
  readonly hint?: string
}

/** Takes whatever was thrown; the reason never holds the URL of the store. */
export const storeProblem = (error: unknown): StoreProblem => {
  const reason = reasonOf(error)
  const hint = hints.find(([pattern]) => pattern.test(reason))?.[1]
  return hint === undefined ? { reason } : { reason, hint }
}

/** Errors of several addresses tried in turn have no message of their own. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  const text = error.message || error.name
  return code === '' || text.includes(code) ? text : `${code}: ${text}`
}

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/,
    'check the user and the password in the URL of the store',
  ],
  [
    /^NOPERM|executing the script can't run|ACL failure/,
    'the user of the store lacks rights: see docs/rate-limits.md for those it needs',
  ],
  [/^(MOVED|CROSSSLOT|CLUSTERDOWN)/, 'this is a Redis Cluster: limits need one primary'],
  [/^READONLY/, 'this is a replica: name the primary'],
  [/^OOM/, 'the store is full: raise maxmemory or let it evict keys'],
  [
    /CERT|certificate/,
    'the store must be trusted: name it as in its certificate; NODE_EXTRA_CA_CERTS adds a CA',
  ],
  [/EPROTO|wrong version number/i, 'the store does not speak TLS on this port: use redis:// or its TLS port'],
  [/^no connection/, 'check host and port, and that both sides use TLS or neither'],
  [/closed unexpectedly|ECONNRESET/i, 'the store hung up; if it expects TLS on this port, use rediss://'],
]
