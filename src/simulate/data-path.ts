import type { AddressInfo } from 'node:net'
import { systemClock } from '../core/clock.ts'
import type { Observer } from '../core/observer.ts'
import { TimerList, Timers } from '../core/timer-list.ts'
import { rankMatches } from '../plan/precedence.ts'
import type { RelayPlan } from '../plan/types.ts'
import { Registry } from '../policies/registry.ts'
import { Budget } from '../relay/budget.ts'
import { buildTable } from '../relay/build-table.ts'
import { dataHandler } from '../relay/data-handler.ts'
import { dataServer } from '../relay/data-server.ts'
import { RememberedAnswers } from '../relay/idempotency/answers.ts'
import { LegStates } from '../relay/leg-states.ts'
import { requestIds } from '../relay/request-id.ts'
import { TableHolder } from '../relay/table-holder.ts'
import { Pools } from '../upstream/pools.ts'

export interface DataPath {
  /** On 127.0.0.1. */
  readonly port: number
  /** Requests and legs under way, late ones and copies included. */
  busy(): number
  close(): Promise<void>
}

/** What `run` uses by default. */
const limits = { maxInFlight: 10_000, maxBufferedBytes: 256 * 1024 * 1024 }
const stalledUploadMs = 60_000

/** The data path of the relay as `run` composes it, for one plan that does not change. */
export const startDataPath = async (plan: RelayPlan, observer: Observer): Promise<DataPath> => {
  const pools = new Pools()
  const tables = new TableHolder()
  const timers = new Timers(systemClock)
  const tableParts = { pools, legStates: new LegStates(), registry: new Registry(), timers, observer }
  tables.swap(buildTable(plan, rankMatches(plan), tableParts))
  const parts = {
    clock: systemClock,
    observer,
    budget: new Budget(limits),
    pseudonym: 'fanout-relay-simulation',
    answers: new RememberedAnswers({ timers }),
    stalled: new TimerList(systemClock, stalledUploadMs),
    draining: () => false,
  }
  const handle = dataHandler({ parts, tables, nextRequestId: requestIds() })
  const server = dataServer({ handle, state: () => 'ready', unmatched: observer.unmatched })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    busy: () => tables.inUse,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await pools.destroy()
      await closed
    },
  }
}
