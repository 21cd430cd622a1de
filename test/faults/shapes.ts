import { randomUUID } from 'node:crypto'
import type { Ask } from '../support/ask.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import type { Kind, Row } from './row.ts'
import { wellBody } from './support/scripted.ts'

/** What a caller must get. */
export interface Expected {
  readonly kind: Kind
  readonly status: number
  /** In the body of a problem; empty for others. */
  readonly code: string
  readonly body?: string | undefined
  readonly location?: string | undefined
  readonly timing?: RegExp
}

/** One column: a route with the faulty upstream in it. */
export interface Shape {
  readonly name: string
  /** For the page. */
  readonly meaning: string
  /** How often the upstream fails; Infinity = until it is healed. */
  readonly faults: number
  /** Legs that lead to the faulty upstream. */
  readonly faulty: readonly string[]
  readonly delayOf?: (row: Row) => number
  /** The upstream beside it. */
  readonly beside?: () => Promise<Upstream>
  readonly spec: (faulty: string, beside: string, row: Row) => object
  readonly request?: (row: Row) => Ask
  readonly expected: (row: Row) => Expected
  /** What a leg of `faulty` may end with. At least one of them ends with the token of the row. */
  readonly tokens: (row: Row) => readonly string[]
  /** Attempts of each leg of `faulty`. */
  readonly attempts: (row: Row) => number
  /** The upstream beside it may be first even when the faulty one is well again. */
  readonly isRace?: boolean
  /** The connection of the caller outlives the fault. */
  readonly keepsCaller?: boolean
  /** A copy that must have arrived beside it, and the leg it is. */
  readonly copy?: string
}

/** Bytes that no relay would make itself. */
const besideBody = Buffer.from('{"from":"b","z":1,"a":[ 2 ]}\r\n\u00e9').toString('latin1')

const wellBeside = (delayMs: number) => (): Promise<Upstream> =>
  startUpstream((_received, response) => {
    const answer = (): void => {
      response.writeHead(200, { 'content-type': 'application/x-own', 'x-from': 'b' })
      response.end(Buffer.from(besideBody, 'latin1'))
    }
    if (delayMs === 0) answer()
    else setTimeout(answer, delayMs)
  })

const refusingBeside = (): Promise<Upstream> =>
  startUpstream((_received, response) => {
    setTimeout(() => response.writeHead(500, { 'content-type': 'text/plain' }).end('b refuses'), besideMs)
  })

/** What answers at once has answered by then. */
const besideMs = 150

const leg = (name: string, url: string, more: object = {}): object => ({ name, url, ...more })
const first = { success: 'First' }
const primary = { success: 'Primary', from: 'a' }

const asTheTableSays = ({ kind, status, token, body, location }: Row): Expected => ({
  kind,
  status,
  code: kind === 'failure' ? token : '',
  body,
  location,
})
const fromBeside = (status: number, body: string): Expected => ({ kind: 'passes', status, code: '', body })
const envelope = (status: number): Expected => ({ kind: 'passes', status, code: '' })

const own = ({ token }: Row): readonly string[] => [token]
const ownOrCancelled = ({ token }: Row): readonly string[] => [token, 'client_cancelled']
const once = (): number => 1

const collected = ({ token, collectedToken }: Row): string => collectedToken ?? token

const retries = ({ retry }: Row): object => retry ?? { attempts: 1, backoff: '1ms' }
const retried = (isResent: (row: Row) => boolean, more: object = {}) => ({
  faults: 1,
  faulty: ['a'],
  tokens: (row: Row) => [isResent(row) ? '' : row.token],
  attempts: (row: Row) => (isResent(row) ? 2 : 1),
  expected: (row: Row): Expected => (isResent(row) ? fromBeside(200, wellBody) : asTheTableSays(row)),
  spec: (faulty: string, _beside: string, row: Row) => ({
    upstreams: [leg('a', faulty)],
    response: primary,
    retry: retries(row),
    ...more,
  }),
})

const post = ({ request }: Row): Ask => request ?? { method: 'POST', body: 'once' }
const withNewKey = (request: Ask): Ask => ({ ...request, headers: { 'idempotency-key': randomUUID() } })

export const shapes: readonly Shape[] = [
  {
    name: 'First',
    meaning: '`First` of two upstreams that both have the fault',
    faults: Number.POSITIVE_INFINITY,
    faulty: ['a', 'b'],
    spec: faulty => ({ upstreams: [leg('a', faulty), leg('b', faulty)], response: first }),
    expected: asTheTableSays,
    tokens: ownOrCancelled,
    attempts: once,
  },
  {
    name: 'First+500',
    meaning: '`First` beside an upstream that answers 500: its own word goes before one of the relay',
    faults: Number.POSITIVE_INFINITY,
    faulty: ['a'],
    beside: refusingBeside,
    spec: (faulty, beside) => ({ upstreams: [leg('a', faulty), leg('b', beside)], response: first }),
    expected: row =>
      row.kind === 'failure'
        ? { kind: 'refusal', status: 500, code: '', body: 'b refuses' }
        : asTheTableSays(row),
    tokens: own,
    attempts: once,
  },
  {
    name: 'First+200',
    meaning: '`First` beside an upstream that is well, which wins',
    faults: Number.POSITIVE_INFINITY,
    faulty: ['a'],
    // A head that has been passed on cannot be taken back: the faulty one must not be the first to send one.
    delayOf: row => (row.kind === 'cut' ? 4 * besideMs : 0),
    beside: wellBeside(besideMs),
    spec: (faulty, beside) => ({ upstreams: [leg('a', faulty), leg('b', beside)], response: first }),
    expected: row => (row.kind === 'passes' ? asTheTableSays(row) : fromBeside(200, besideBody)),
    tokens: ownOrCancelled,
    attempts: once,
    isRace: true,
  },
  {
    name: 'All',
    meaning: '`All` with an envelope, beside an upstream that is well',
    faults: Number.POSITIVE_INFINITY,
    faulty: ['a'],
    beside: wellBeside(0),
    spec: (faulty, beside) => ({ upstreams: [leg('a', faulty), leg('b', beside)] }),
    expected: row => envelope(collected(row) === '' ? 200 : 502),
    tokens: row => [collected(row)],
    attempts: once,
    copy: 'b',
  },
  {
    name: 'Primary',
    meaning: 'the primary has the fault, its shadow is well',
    faults: Number.POSITIVE_INFINITY,
    faulty: ['a'],
    beside: wellBeside(0),
    spec: (faulty, beside) => ({ upstreams: [leg('a', faulty), leg('b', beside, { role: 'Shadow' })] }),
    expected: asTheTableSays,
    tokens: own,
    attempts: once,
    copy: 'b',
  },
  {
    name: 'Shadow',
    meaning: 'the shadow has the fault, the primary is well: the caller notices nothing',
    faults: Number.POSITIVE_INFINITY,
    faulty: ['a'],
    beside: wellBeside(0),
    spec: (faulty, beside) => ({ upstreams: [leg('b', beside), leg('a', faulty, { role: 'Shadow' })] }),
    expected: () => ({ ...fromBeside(200, besideBody), timing: /^b;dur=[0-9.]+$/ }),
    tokens: own,
    attempts: once,
    copy: 'b',
    keepsCaller: true,
  },
  {
    ...retried(row => row.resent !== 'never'),
    name: 'retry',
    meaning: 'a request that may be sent again, a route with `retry: {attempts: 1}`, and the fault once',
  },
  {
    ...retried(row => row.resent !== 'never', { idempotencyKey: {} }),
    name: 'retry key',
    meaning: 'the same for a POST with an idempotency key',
    request: row => withNewKey(post(row)),
  },
  {
    ...retried(row => row.resent === 'unsent'),
    name: 'retry POST',
    meaning: 'the same for a POST without one: sent again only where nothing had been sent',
    request: post,
  },
]
