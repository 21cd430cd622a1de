import { createServer, type Server } from 'node:http'
import { controllerLease } from './api/labels.ts'
import type { ControllerConfig } from './cli/controller-config.ts'
import { createAskRelay } from './controller/ask-relay.ts'
import { runController } from './controller/controller.ts'
import { runElected } from './controller/leader.ts'
import { leaseClient } from './controller/lease.ts'
import { systemClock } from './core/clock.ts'
import { excludedNamespaces, missingRelays } from './injector/missing-relays.ts'
import { loadCluster } from './kubernetes/cluster.ts'
import { pause } from './kubernetes/pause.ts'
import { buildInfo } from './serve/build-info.ts'
import { listen } from './serve/listen.ts'
import { runInjector } from './serve/run-injector.ts'
import { untilStopped } from './serve/signals.ts'
import { telemetryHandler } from './telemetry/handler.ts'
import { createLogs } from './telemetry/logs/logger.ts'
import { ControllerMetrics } from './telemetry/metrics/controller-metrics.ts'

/**
 * Runs the controller until it is told to stop: wires the parts, opens the ports, takes part in the election, and
 * gives the lease back at the end. Resolves to the exit code. Throws ListenError, and ApiError for a cluster that
 * cannot be reached as told.
 */
export const serveController = async (config: ControllerConfig): Promise<number> => {
  const { logger, flush } = createLogs(config.logs)
  const told = untilStopped({
    onSecond: signal => logger.error({ signal }, 'told to stop a second time'),
    onHangUp: () => logger.info({}, 'SIGHUP is ignored: changes in the cluster are followed without it'),
  })
  const clock = systemClock
  const metrics = new ControllerMetrics({ build: buildInfo })
  const client = await loadCluster({
    ...config.cluster,
    userAgent: `fanout-relay-controller/${buildInfo.version}`,
  })
  // What reached the top is a defect; it has cost one piece of work at most, which is done again.
  process.on('uncaughtException', err => logger.error({ err }, 'uncaught exception'))
  process.on('unhandledRejection', err => logger.error({ err }, 'unhandled rejection'))

  let stopping = false
  let term: AbortSignal | undefined
  const injector = runInjector({
    config,
    client,
    isLeader: () => term !== undefined && !term.aborted,
    metrics,
    logger,
  })
  const readiness = {
    ready: () => {
      if (stopping) return { ready: false, reason: 'stopping' }
      const ready = injector?.ready() ?? true
      return { ready, reason: ready ? 'ok' : 'waiting for a certificate of the webhook' }
    },
  }
  const ports = await listen({
    health: {
      flag: '--health',
      endpoints: config.health,
      createServer: () => createServer(telemetryHandler({ readiness, logger })),
    },
    metrics: {
      flag: '--metrics',
      endpoints: config.metrics,
      createServer: () => createServer(telemetryHandler({ metrics, readiness, logger })),
    },
  }).catch(async error => {
    // An open webhook would keep a process alive that serves nothing else.
    await Promise.all([injector?.close(), client.close()])
    throw error
  })
  const { identity } = config
  logger.info(
    {
      health: ports.health.addresses,
      metrics: ports.metrics.addresses,
      server: client.server,
      namespace: client.namespace,
      identity,
    },
    'listening',
  )
  config.onListening?.({ health: ports.health.addresses, metrics: ports.metrics.addresses })

  const relays = createAskRelay()
  const stop = new AbortController()
  const excluded = [...excludedNamespaces, client.namespace]
  const electing = runElected(
    { lease: leaseClient(client, client.namespace, controllerLease), identity, clock, logger },
    async signal => {
      term = signal
      metrics.leading(true)
      try {
        await runController(
          {
            client,
            identity,
            ask: relays.ask,
            findUninjected: (pods, { metadata: { name, labels = {} } }) =>
              missingRelays(pods, [{ name, labels }], excluded),
            observer: metrics,
            clock,
            logger,
            resyncMs: config.resyncMs,
          },
          signal,
        )
      } finally {
        term = undefined
        metrics.leading(false)
      }
    },
    stop.signal,
  )

  const signal = await told
  stopping = true
  injector?.drain()
  logger.info({ signal }, 'stopping')
  // The other replica can lead at once; only the webhook has callers that have to notice.
  stop.abort()
  await electing
  if (injector) {
    await pause(config.drainDelayMs, clock, new AbortController().signal)
    await injector.close()
  }
  relays.close()
  await client.close()
  for (const { servers } of Object.values(ports)) for (const server of servers) end(server)
  logger.info({}, 'stopped')
  flush()
  return 0
}

const end = (server: Server): void => {
  server.close()
  server.closeAllConnections()
}
