import { badRequest, type Rejection } from './rejection.ts'

/** A request target split where it divides, with every byte as it came (RFC 9112 §3.2). */
export interface RequestTarget {
  /** Set for absolute-form only; it names the host, never the upstream. */
  readonly authority: string | undefined
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  readonly pathAndQuery: string
}

/**
 * Segments that servers resolve differently, `..;` of servlet containers and encoded separators included. The
 * relay matches the bytes that it sends, so it takes no path that could mean another one further on.
 */
const dotSegment = /(?:^|\/|%2f|%5c)(?:\.|%2e){1,2}(?:[/;]|%2f|%5c|%3b|$)/i
const forbidden = /[\\#]|%00/

/** Takes origin-form and absolute-form (RFC 9112 §3.2.1, §3.2.2); anything else is refused. */
export const parseTarget = (target: string): RequestTarget | Rejection => {
  let authority: string | undefined
  let rest = target
  if (target.charCodeAt(0) !== slash) {
    const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target)
    if (!absolute) return badRequest('The request target must start with / or be an absolute http URL.')
    authority = absolute[1]!
    rest = absolute[2]!
    if (rest.charCodeAt(0) !== slash) rest = `/${rest}`
  }
  const mark = rest.indexOf('?')
  const path = mark === -1 ? rest : rest.slice(0, mark)
  const query = mark === -1 ? '' : rest.slice(mark)
  if (forbidden.test(path) || query.includes('#'))
    return badRequest('The path must contain neither a backslash, # nor %00.')
  if (mayHoldDots(path) && dotSegment.test(path))
    return badRequest('The path must not contain . or .. segments, encoded or not.')
  return { authority, path, query, pathAndQuery: rest }
}

const slash = 0x2f

/** Almost no path needs the regular expression. */
const mayHoldDots = (path: string): boolean => path.includes('/.') || path.includes('%')
