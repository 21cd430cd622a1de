import { createAskRelay } from '../../../src/controller/ask-relay.ts'
import { runController } from '../../../src/controller/controller.ts'
import { runElected } from '../../../src/controller/leader.ts'
import { leaseClient } from '../../../src/controller/lease.ts'
import type { ControllerObserver } from '../../../src/controller/observer.ts'
import { systemClock } from '../../../src/core/clock.ts'
import type { Logger } from '../../../src/core/logger.ts'
import { missingRelays } from '../../../src/injector/missing-relays.ts'
import { loadCluster } from '../../../src/kubernetes/cluster.ts'
import { controllerNamespace } from './controller-rights.ts'

/** One replica of the controller, in this process, with the kubeconfig of its ServiceAccount. */
export interface Replica {
  readonly identity: string
  readonly leading: boolean
  /** Statuses it wrote. */
  readonly writes: number
  /** Warnings and errors it logged. */
  readonly complaints: readonly string[]
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>
  /** It cannot reach the API server any more. */
  cutOff(): Promise<void>
}

export const startReplica = async (kubeconfig: string, identity: string): Promise<Replica> => {
  const client = await loadCluster({ kubeconfig, namespace: controllerNamespace })
  const signal = new AbortController()
  const complaints: string[] = []
  const complain = (fields: object, message: string): void => {
    const { err, ...rest } = fields as { err?: Error }
    complaints.push(`${message} ${err?.message ?? ''} ${JSON.stringify(rest)}`)
  }
  const logger: Logger = { debug: () => {}, info: () => {}, warn: complain, error: complain }
  const state = { leading: false, writes: 0 }
  const observer: ControllerObserver = {
    reconciled: () => {},
    leading: () => {},
    relays: () => {},
    uninjectedPods: () => {},
    forget: () => {},
    statusWritten: () => {
      state.writes += 1
    },
    event: () => {},
  }
  const relays = createAskRelay()
  const running = runElected(
    {
      lease: leaseClient(client, controllerNamespace, 'fanout-relay-controller'),
      identity,
      clock: systemClock,
      logger,
    },
    async term => {
      state.leading = true
      await runController(
        {
          client,
          identity,
          ask: relays.ask,
          findUninjected: (pods, { metadata: { name, labels = {} } }) =>
            missingRelays(pods, [{ name, labels }]),
          observer,
          clock: systemClock,
          logger,
        },
        term,
      ).finally(() => {
        state.leading = false
      })
    },
    signal.signal,
  )
  return {
    identity,
    complaints,
    get leading() {
      return state.leading
    },
    get writes() {
      return state.writes
    },
    stop: async () => {
      signal.abort()
      await running
      relays.close()
      await client.close()
    },
    cutOff: () => client.close(),
  }
}
