import { type IncomingMessage, METHODS } from 'node:http'
import type { ExplainRequest } from '../plan/explanation.ts'
import { headReader } from '../relay/request-head.ts'

/** What the routes would be asked about, or what becomes of a request without asking any. */
export type ReadRequest = ExplainRequest | { readonly refused: string }

/** Reads a request as the relay's data port does, with the code it does it with. */
export const readRequest = (asked: ExplainRequest): ReadRequest => {
  const { method, path: target } = asked
  if (!METHODS.includes(method)) return refused(400, `${method} is no method that the relay knows.`)
  if (method === 'CONNECT') return refused(405, 'CONNECT is not relayed: a fan-out has no tunnel to give.')
  if (!/^[!-~]+$/.test(target))
    return refused(400, 'The path must be printable ASCII without spaces; percent-encode everything else.')
  if (isOwn(target)) return { refused: `answered by the relay itself before any route is asked: ${own}` }
  if (method === 'OPTIONS' && (target === '*' || maxForwards(asked) === '0'))
    return { refused: 'answered with 204 before any route is asked: it is about the relay itself' }

  const head = readHead({
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    method,
    url: target,
    rawHeaders: rawHeaders(asked),
  } as IncomingMessage)
  if ('detail' in head) return refused(head.status, head.detail)
  if (method === 'TRACE') return refused(405, 'TRACE is not relayed: it would echo credentials.')
  return {
    method,
    path: head.pathAndQuery,
    host: head.host === noHost ? '' : head.host,
    headers: pairs(head.headers),
  }
}

const refused = (status: number, detail: string): ReadRequest => ({
  refused: `refused with ${status} before any route is asked: ${detail}`,
})

const own = 'paths under /-/fanout/ belong to it'

/** Asked before the target is parsed, as the relay does. */
const isOwn = (target: string): boolean => /^(?:https?:\/\/[^/?#]*)?\/-\/fanout(?:[/?]|$)/i.test(target)

const maxForwards = ({ headers = [] }: ExplainRequest): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === 'max-forwards')?.[1]

/** Stands for a host that was not given: every real request has one. Reserved by RFC 2606, so nobody's. */
const noHost = 'host-not-given.invalid'

const rawHeaders = ({ host, headers = [] }: ExplainRequest): string[] => {
  const isGiven = host !== undefined || headers.some(([name]) => name.toLowerCase() === 'host')
  return [...(isGiven && host === undefined ? [] : ['Host', host ?? noHost]), ...headers.flat()]
}

const readHead = headReader({ pseudonym: 'explain.invalid', nextRequestId: () => 'made-by-the-relay' })

const pairs = (flat: readonly string[]): readonly (readonly [string, string])[] =>
  flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!] as const] : []))
