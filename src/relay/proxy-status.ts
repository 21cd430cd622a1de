import { errorTokens } from '../core/errors.ts'

const tokens: ReadonlySet<string> = new Set(errorTokens)

/** Faults of the request whose status is no 4xx. */
const faultsOfRequest: ReadonlySet<string> = new Set(['not_implemented', 'http_version_not_supported'])

/**
 * RFC 9209: the code, where it is a failure or the relay's own. What is the caller's to mend has one word there for all
 * of it, but for those that are tokens of ours as well; a loop has its own (§2.3.32).
 */
export const proxyStatus = (status: number, code: string): string =>
  `fanout-relay; error=${errorOf(status, code)}`

const errorOf = (status: number, code: string): string => {
  if (tokens.has(code)) return code
  if (code === 'loop_detected') return 'proxy_loop_detected'
  return status < 500 || faultsOfRequest.has(code) ? 'http_request_error' : code
}
