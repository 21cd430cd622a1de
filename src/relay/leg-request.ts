import type { HeaderList, LegRequest, RequestBody } from '../core/call.ts'
import type { PlannedHeaders, PlannedLeg, PlannedMatch, PlannedPath } from '../plan/types.ts'
import { legKey } from './idempotency/key.ts'
import type { RequestHead } from './request-head.ts'
import { withoutFields } from './without-fields.ts'

/**
 * Makes a leg's request from the caller's. Built once for each leg; does only what the leg needs.
 * `key` is the request's idempotency key, which is sent on with the leg's name behind it.
 */
export type RequestBuilder = (
  head: RequestHead,
  match: PlannedMatch,
  body: RequestBody,
  key?: string,
) => LegRequest

export interface BuilderOptions {
  /** The relay reads the answer itself: a coded one would be of no use to it. */
  readonly relayReadsAnswer: boolean
  /** Header of the route's idempotency keys. */
  readonly keyHeader?: string | undefined
}

/** Decides once what a leg's requests need, so that each costs no more than that. */
export const requestBuilder = (
  leg: PlannedLeg,
  { relayReadsAnswer, keyHeader }: BuilderOptions,
): RequestBuilder => {
  const path = pathBuilder(leg.path)
  const headers = headersBuilder(leg, relayReadsAnswer)
  const { method, name } = leg
  const keyNames = new Set([keyHeader?.toLowerCase() ?? ''])
  return (head, match, body, key) => {
    const given =
      key && keyHeader
        ? [...withoutFields(head.headers, keyNames), keyHeader, legKey(key, name)]
        : head.headers
    return {
      method: method ?? head.method,
      path: path(head, match),
      headers: withLength(headers(given, head.acceptsCoding), body),
      body,
    }
  }
}

/** A captured body's length is known to whoever sends it; a streamed one passes on what was declared. */
const withLength = (headers: HeaderList, body: RequestBody): HeaderList => {
  if (body === null || Buffer.isBuffer(body) || body.contentLength === undefined) return headers
  return [...headers, 'content-length', String(body.contentLength)]
}

const pathBuilder = (path: PlannedPath): ((head: RequestHead, match: PlannedMatch) => string) => {
  switch (path.kind) {
    case 'keep':
      return head => head.pathAndQuery
    case 'full': {
      const own = path.path + path.query
      const joint = path.query === '' ? '?' : '&'
      return head => (head.query.length > 1 ? own + joint + head.query.slice(1) : own)
    }
    case 'prefix': {
      const replacement = path.replacement.replace(/\/+$/, '')
      return (head, match) => {
        const prefix = match.path.type === 'PathPrefix' ? match.path.value.replace(/\/+$/, '') : ''
        const rest = head.path.slice(prefix.length)
        return (replacement + rest || '/') + head.query
      }
    }
  }
}

type HeadersBuilder = (given: HeaderList, acceptsCoding: boolean) => HeaderList

const headersBuilder = (leg: PlannedLeg, relayReadsAnswer: boolean): HeadersBuilder => {
  const edits = leg.headers
  const remove = new Set(edits?.remove)
  const add = additions(leg, edits)
  for (const [name] of edits?.set ?? []) remove.add(name.toLowerCase())
  // Few callers of a sidecar ask for a coding, and then there is nothing to take out.
  if (remove.size === 0 && add.length === 0)
    return relayReadsAnswer
      ? (given, acceptsCoding) => (acceptsCoding ? withoutFields(given, acceptEncoding) : given)
      : given => given
  if (relayReadsAnswer) remove.add('accept-encoding')
  if (remove.size === 0) return given => given.concat(add)
  return given => withoutFields(given, remove).concat(add)
}

const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding'])

const shadowMark = 'X-FanOut-Role'
const isShadowMark = (name: string): boolean => name.toLowerCase() === shadowMark.toLowerCase()

const additions = (leg: PlannedLeg, edits: PlannedHeaders | undefined): string[] => {
  const pairs = [...(edits?.set ?? []), ...(edits?.add ?? [])].flat()
  const decidedByRoute = edits && [...edits.remove, ...edits.set.map(([name]) => name)].some(isShadowMark)
  if (leg.role === 'Shadow' && !decidedByRoute) pairs.push(shadowMark, 'shadow')
  if (leg.host !== undefined) pairs.push('Host', leg.host)
  return pairs
}
