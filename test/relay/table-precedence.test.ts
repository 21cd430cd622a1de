import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { Timers } from '../../src/core/timer-list.ts'
import { compileMatch, hostnameMatches, normalizeHost } from '../../src/plan/match.ts'
import { type RankedMatch, rankMatches } from '../../src/plan/precedence.ts'
import type { PlannedMatch, RelayPlan, ServedRoute } from '../../src/plan/types.ts'
import { Registry } from '../../src/policies/registry.ts'
import { buildTable } from '../../src/relay/build-table.ts'
import { headerValue } from '../../src/relay/header-value.ts'
import { LegStates } from '../../src/relay/leg-states.ts'
import type { RequestHead } from '../../src/relay/request-head.ts'
import { Pools } from '../../src/upstream/pools.ts'
import { recorder } from '../support/recorder.ts'

const served = (
  id: string,
  hostnames: readonly string[],
  matches: readonly PlannedMatch[],
  createdAt?: number,
) =>
  ({
    kind: 'served',
    id,
    generation: undefined,
    createdAt,
    hostnames,
    matches,
    requestTimeoutMs: 0,
    maxBodyBytes: 1,
    onOversize: 'Reject',
    legs: [],
    rateLimit: undefined,
    retryBudget: undefined,
    idempotencyKey: undefined,
    answer: {
      success: 'All',
      quorum: 0,
      from: -1,
      body: 'Envelope',
      statuses: { success: 200, partial: 207, failed: 502 },
    },
  }) satisfies ServedRoute

const tableOf = (routes: readonly ServedRoute[]) => {
  const plan: RelayPlan = { revision: 'x', routes }
  const ranked = rankMatches(plan)
  const parts = {
    pools: new Pools(),
    legStates: new LegStates(),
    registry: new Registry(),
    timers: new Timers(systemClock),
    observer: recorder(),
  }
  return { table: buildTable(plan, ranked, parts), ranked }
}

/** The straightforward way: every match in order of precedence, until one fits. */
const slowFind = (ranked: readonly RankedMatch[], head: RequestHead): RankedMatch | undefined => {
  const host = normalizeHost(head.host)
  const facts = {
    method: head.method,
    path: head.path,
    query: head.query,
    header: (name: string) => headerValue(head.headers, name),
  }
  return ranked.find(
    ({ hostname, match }) =>
      (hostname === undefined || hostnameMatches(hostname, host)) && compileMatch(match)(facts).length === 0,
  )
}

const headOf = (head: Partial<RequestHead>): RequestHead => ({
  method: 'GET',
  path: '/',
  query: '',
  pathAndQuery: '/',
  acceptsCoding: false,
  host: 'a.test',
  headers: [],
  requestId: 'x',
  traceparent: undefined,
  contentLength: 0,
  ...head,
})

// Few names, so that routes and requests meet often.
const segment = fc.constantFrom('a', 'b', 'ab', '', 'A', '%61')
const path = fc.array(segment, { maxLength: 4 }).map(segments => `/${segments.join('/')}`)
const prefix = path.map(value => value.replace(/\/+$/, '') || '/')
const hostname = fc.constantFrom('a.test', 'b.test', '*.test', '*.a.test', '*.b.a.test', 'test')
const value = fc.constantFrom('1', '2', 'x y')
const named = (names: readonly string[]) =>
  fc.uniqueArray(
    fc.record({
      type: fc.constantFrom('Exact' as const, 'RegularExpression' as const),
      name: fc.constantFrom(...names),
      value,
    }),
    { maxLength: 2, selector: ({ name }) => name },
  )
const match: fc.Arbitrary<PlannedMatch> = fc.record({
  method: fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined }),
  path: fc.oneof(
    fc.record({ type: fc.constant('Exact' as const), value: path }),
    fc.record({ type: fc.constant('PathPrefix' as const), value: prefix }),
    fc.record({
      type: fc.constant('RegularExpression' as const),
      value: fc.constantFrom('/a.*', '/.*', '/[ab]', '.*b', '/a/(a|b)'),
    }),
  ),
  headers: named(['x-a', 'x-b']),
  query: named(['p', 'q']),
})
const routes = fc
  .array(
    fc.record({
      hostnames: fc.uniqueArray(hostname, { maxLength: 2 }),
      matches: fc.array(match, { minLength: 1, maxLength: 3 }),
      createdAt: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
    }),
    { maxLength: 8 },
  )
  .map(list =>
    list.map(({ hostnames, matches, createdAt }, i) => served(`n/r${i}`, hostnames, matches, createdAt)),
  )
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  path,
  query: fc.constantFrom('', '?', '?p=1', '?p=1&q=2', '?q=2&p=x+y', '?p=2&p=1', '?p=%31'),
  host: fc.constantFrom(
    'a.test',
    'A.Test:80',
    'b.test.',
    'x.a.test',
    'y.b.a.test',
    'test',
    '.test',
    '.a.test',
    '',
    '[::1]:80',
  ),
  headers: fc.constantFrom<string[]>([], ['X-A', '1'], ['x-a', '2', 'X-B', '1'], ['x-a', '1', 'x-a', '2']),
})

describe('RouteTable.find', () => {
  test('finds what a linear search in order of precedence finds', () => {
    fc.assert(
      fc.property(routes, fc.array(request, { minLength: 1, maxLength: 10 }), (list, requests) => {
        const { table, ranked } = tableOf(list)
        for (const wanted of requests) {
          const head = headOf(wanted)
          const [fast, slow] = [table.find(head), slowFind(ranked, head)]
          expect([fast?.route.id, fast?.match]).toEqual([slow?.route.id, slow?.match])
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('one of ten thousand routes, as quickly as one of ten', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      served(`n/r${i}`, i % 3 === 0 ? [`h${i}.test`] : [], [
        {
          method: undefined,
          path: { type: i % 2 === 0 ? 'Exact' : 'PathPrefix', value: `/team-${i % 100}/service-${i}` },
          headers: [],
          query: [],
        },
      ]),
    )
    const { table } = tableOf(many)
    for (const i of [0, 1, 2, 4999, 9998, 9999]) {
      const wanted = headOf({ host: `h${i}.test`, path: `/team-${i % 100}/service-${i}` })
      expect(table.find(wanted)?.route.id).toBe(`n/r${i}`)
    }
    expect(table.find(headOf({ path: '/team-1' }))).toBeUndefined()
    const near = table.nearest('/team-1/service-10')
    expect(near.length).toBe(3)
    const head = headOf({ path: '/team-99/service-9999', host: 'h9999.test' })
    const begin = performance.now()
    for (let i = 0; i < 10_000; i++) table.find(head)
    // A linear search would take minutes; the bound is wide for slow machines.
    expect(performance.now() - begin).toBeLessThan(2_000)
  })
})
