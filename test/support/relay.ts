import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'yaml'
import { apiVersion, kind } from '../../src/api/names.ts'
import type { RouteResource, RouteSnapshot } from '../../src/api/snapshot.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { Observer } from '../../src/core/observer.ts'
import { TimerList, Timers } from '../../src/core/timer-list.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { rankMatches } from '../../src/plan/precedence.ts'
import type { RelayPlan } from '../../src/plan/types.ts'
import { Registry } from '../../src/policies/registry.ts'
import { Budget } from '../../src/relay/budget.ts'
import { buildTable, type SharedLimit } from '../../src/relay/build-table.ts'
import { dataHandler } from '../../src/relay/data-handler.ts'
import { dataServer } from '../../src/relay/data-server.ts'
import { RememberedAnswers } from '../../src/relay/idempotency/answers.ts'
import { type LegLimits, LegStates } from '../../src/relay/leg-states.ts'
import { requestIds } from '../../src/relay/request-id.ts'
import { TableHolder } from '../../src/relay/table-holder.ts'
import { Pools } from '../../src/upstream/pools.ts'
import { type Recorder, recorder } from './recorder.ts'

export interface TestRelay {
  readonly port: number
  readonly url: string
  readonly observer: Recorder
  readonly budget: Budget
  readonly pools: Pools
  readonly legStates: LegStates
  readonly registry: Registry
  readonly tables: TableHolder
  readonly server: Server
  readonly pseudonym: string
  drain(): void
  /** Swaps in the table for these specs. */
  load(specs: Specs): void
  close(): Promise<void>
}

/** Specs by route name, each as YAML or as an object. */
export type Specs = Readonly<Record<string, string | object>>

interface Options {
  readonly clock?: Clock
  readonly stalledUploadMs?: number
  readonly accessLog?: Observer['accessLog']
  readonly maxInFlight?: number
  readonly maxBufferedBytes?: number
  readonly legLimits?: Partial<LegLimits>
  readonly tracing?: Observer['tracing']
  readonly sharedLimit?: SharedLimit
  /** Bounds on remembered answers. */
  readonly answers?: { readonly maxEntries?: number; readonly maxBytes?: number }
  /** Specs that must plan without errors; on by default. */
  readonly valid?: boolean
}

/** The data path as it runs, on a port of its own. */
export const startRelay = async (specs: Specs, options: Options = {}): Promise<TestRelay> => {
  const {
    clock = systemClock,
    maxInFlight = 10_000,
    stalledUploadMs = 60_000,
    maxBufferedBytes = 256 * 1024 * 1024,
    valid = true,
  } = options
  const observer = recorder()
  if (options.tracing) Object.assign(observer, { tracing: options.tracing })
  if (options.accessLog) Object.assign(observer, { accessLog: options.accessLog })
  const pools = new Pools()
  const legStates = new LegStates(options.legLimits)
  const registry = new Registry()
  const timers = new Timers(clock)
  const shared = options.sharedLimit && { sharedLimit: options.sharedLimit }
  const tableParts = { pools, legStates, registry, timers, observer, ...shared }
  const tables = new TableHolder()
  const budget = new Budget({ maxInFlight, maxBufferedBytes })
  const pseudonym = 'fanout-relay-test'
  let draining = false
  let previous: RelayPlan | undefined
  const load = (next: Specs): void => {
    const { plan, problems } = planRoutes(snapshotOf(next), previous)
    const errors = problems.filter(({ severity }) => severity === 'error')
    if (valid && errors.length > 0) throw new Error(JSON.stringify(errors, null, 2))
    previous = plan
    tables.swap(buildTable(plan, rankMatches(plan), tableParts))
  }
  load(specs)
  const stalled = new TimerList(clock, stalledUploadMs)
  const answers = new RememberedAnswers({ timers, ...options.answers })
  const parts = { clock, observer, budget, pseudonym, answers, stalled, draining: () => draining }
  const handle = dataHandler({ parts, tables, nextRequestId: requestIds() })
  const server = dataServer({
    handle,
    state: () => (draining ? 'draining' : 'ready'),
    unmatched: observer.unmatched,
    accessLog: observer.accessLog,
    tracing: observer.tracing,
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    observer,
    budget,
    pools,
    legStates,
    registry,
    tables,
    server,
    pseudonym,
    load,
    drain: () => {
      draining = true
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await pools.destroy()
    },
  }
}

export const snapshotOf = (specs: Specs): RouteSnapshot => ({
  routes: Object.entries(specs).map(([name, spec]): RouteResource => {
    const object = {
      apiVersion,
      kind,
      metadata: { name },
      spec: typeof spec === 'string' ? parse(spec) : spec,
    }
    return { id: `default/${name}`, namespace: 'default', name, object }
  }),
  backends: new Map(),
  problems: [],
})
