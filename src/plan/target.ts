/** A configured URL taken apart: where to connect, and what to ask for when it says so. */
export interface Target {
  /** Scheme, host and port, normalised: lower case, no default port, IPv6 in brackets. */
  readonly origin: string
  /** `undefined` = the URL has neither path nor query, so the caller's are kept. */
  readonly path: string | undefined
  /** With its `?`, or empty. */
  readonly query: string
}

const shape = /^(https?):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/
const visible = /^[!-~]*$/
const dotSegment = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i

/** Rule FR0013 speaks about these, so nobody else has to. */
export const isOutOfShape = (url: string): boolean =>
  !/^https?:\/\//.test(url) || url.includes('@') || url.includes('#')

/** The parts of an http(s) URL, or why it cannot be used. Path and query stay byte for byte. */
export const parseTarget = (url: string): Target | { readonly reason: string } => {
  const parts = shape.exec(url)
  if (!parts) return { reason: 'is not an http or https URL' }
  const [, scheme, authority = '', path, query] = parts
  if (authority === '') return { reason: 'names no host' }
  if (/[\\@%\s]/.test(authority)) return { reason: 'has a host with characters no host name has' }
  if (!visible.test(`${path ?? ''}${query ?? ''}`)) {
    return { reason: 'has blanks, control or non-ASCII characters in its path or query' }
  }
  if (path !== undefined && (dotSegment.test(path) || path.includes('\\'))) {
    return { reason: 'has a backslash or . or .. segments in its path' }
  }
  const parsed = URL.canParse(`${scheme}://${authority}`) ? new URL(`${scheme}://${authority}`) : undefined
  if (!parsed) return { reason: 'has an invalid host or a port above 65535' }
  if (parsed.port === '0') return { reason: 'has port 0, which nothing can listen on' }
  return {
    origin: parsed.origin,
    path: path ?? (query === undefined ? undefined : '/'),
    query: query ? `?${query}` : '',
  }
}
