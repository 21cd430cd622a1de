import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AdminSources } from './admin/sources.ts'
import type { RelayConfig } from './cli/config.ts'
import { SourceFigures } from './config/kubernetes-source-figures.ts'
import { systemClock } from './core/clock.ts'
import { TimerList, Timers } from './core/timer-list.ts'
import { createSharedLimits, type StoreState } from './limits/shared-limits.ts'
import { Registry } from './policies/registry.ts'
import { Budget } from './relay/budget.ts'
import { dataHandler } from './relay/data-handler.ts'
import { dataServer } from './relay/data-server.ts'
import { RememberedAnswers } from './relay/idempotency/answers.ts'
import { lazyListener } from './relay/lazy-listener.ts'
import { Refusals } from './relay/overload-refusals.ts'
import { requestIds } from './relay/request-id.ts'
import type { RelayState } from './relay/reserved-app.ts'
import { TableHolder } from './relay/table-holder.ts'
import { buildInfo } from './serve/build-info.ts'
import { Configuration } from './serve/configuration.ts'
import { CountedLegs } from './serve/counted-legs.ts'
import { drain } from './serve/drain.ts'
import { guardProcess } from './serve/guard-process.ts'
import { createOverload, guardMemory } from './serve/guards.ts'
import { listen } from './serve/listen.ts'
import { untilStopped } from './serve/signals.ts'
import type { UnderWay } from './serve/under-way.ts'
import { FailureRing } from './telemetry/failure-ring.ts'
import { telemetryHandler } from './telemetry/handler.ts'
import { createAccessLog } from './telemetry/logs/access-log.ts'
import { createLogs } from './telemetry/logs/logger.ts'
import { Metrics } from './telemetry/metrics/metrics.ts'
import { createObserver } from './telemetry/observer.ts'
import { routeGenerations } from './telemetry/route-generations.ts'
import { createTracing } from './telemetry/tracing/tracing.ts'
import { Pools } from './upstream/pools.ts'

/** An upload of which nothing comes for this long is answered 408. */
const stalledUploadMs = 60_000

/**
 * Runs a relay until it is told to stop: wires the parts, opens the ports, follows the source, drains.
 * Resolves to the exit code: 0, or 1 when requests, not copies alone, had to be cut off. Throws ListenError.
 */
export const serve = async (config: RelayConfig): Promise<number> => {
  const startedAtMs = Date.now()
  const { logger, accessLogger, flush } = createLogs(config.logs)
  const metrics = new Metrics({ build: buildInfo })
  const failures = new FailureRing()
  const accessLog = createAccessLog(accessLogger, config.accessLog)
  const tracing = createTracing(buildInfo.version)
  const observer = createObserver({ metrics, logger, failures, accessLog, tracing })
  guardProcess(observer)

  const figures = new SourceFigures(systemClock)
  metrics.follow(figures)
  const pools = new Pools()
  const tables = new TableHolder()
  const legs = new CountedLegs()
  const timers = new Timers(systemClock)
  const url = config.rateLimitStore
  const onState = (state: StoreState) => metrics.limitStore(state)
  const shared =
    url === undefined ? undefined : createSharedLimits({ url, clock: systemClock, logger, onState })
  const tableParts = {
    pools,
    legStates: legs,
    registry: new Registry(),
    timers,
    observer,
    ...(shared && { sharedLimit: shared.limit }),
  }
  const configuration = new Configuration({ tables, tableParts, metrics, logger })

  let draining = false
  const budget = new Budget(config, guardMemory(logger))
  const nextRequestId = requestIds()
  const refusals = new Refusals({
    now: systemClock.now,
    unmatched: observer.unmatched,
    draining: () => draining,
    nextRequestId,
    maxHeld: config.maxInFlight,
  })
  const overload = createOverload(config.maxDelayMs, refusals, logger)
  const answers = new RememberedAnswers({ timers })
  metrics.remembering(() => answers.figures)
  const parts = {
    clock: systemClock,
    observer,
    budget,
    pseudonym: `fanout-relay-${randomBytes(4).toString('hex')}`,
    answers,
    stalled: new TimerList(systemClock, stalledUploadMs),
    draining: () => draining,
  }
  const state = (): RelayState => (draining ? 'draining' : configuration.isServable ? 'ready' : 'loading')
  const handle = dataHandler({ parts, tables, nextRequestId })
  const readiness = {
    ready: () => ({ ready: state() === 'ready', reason: draining ? 'draining' : configuration.readiness }),
  }
  const routes = () => routeGenerations(configuration.planned?.plan.routes ?? [])
  const telemetry = telemetryHandler({ metrics, readiness, routes, logger })
  const sources: AdminSources = {
    build: buildInfo,
    startedAtMs,
    settings: config.settings,
    planned: () => configuration.planned,
    lastReload: () => configuration.lastReload,
    figures: metrics,
    failures,
    logger,
  }
  const admin = lazyListener(async () => (await import('./admin/app.ts')).adminApp(sources))

  const underWay: UnderWay = {
    get exchanges() {
      return tables.inUse + refusals.held
    },
    get callers() {
      return budget.inFlight + refusals.held
    },
    get awaited() {
      return legs.awaited
    },
    get copies() {
      return legs.copies
    },
  }
  const told = untilStopped({
    onSecond: signal => logger.error({ signal, aborted: underWay.exchanges }, 'told to stop a second time'),
    onHangUp: () => logger.info({}, 'SIGHUP is ignored: edits of routes are followed without it'),
  })

  const { data, ...side } = await listen({
    data: {
      flag: '--listen',
      endpoints: config.listen,
      createServer: () => {
        const { unmatched } = observer
        return dataServer({ handle, state, unmatched, accessLog, tracing, nextRequestId, overload })
      },
    },
    admin: { flag: '--admin', endpoints: config.admin, createServer: () => createServer(admin) },
    telemetry: {
      flag: '--telemetry',
      endpoints: config.telemetry,
      createServer: () => createServer(telemetry),
    },
  })

  const source = new AbortController()
  const following = config
    .source({ logger, figures })
    .run(snapshot => configuration.take(snapshot), source.signal)
  logger.info(
    { data: data.addresses, admin: side.admin.addresses, telemetry: side.telemetry.addresses },
    'listening',
  )
  config.onListening?.({ data: data.addresses, admin: side.admin.addresses })

  const signal = await told
  // Whoever was never ready has nobody who would have to notice.
  const delayMs = state() === 'ready' ? config.drainDelayMs : 0
  draining = true
  logger.info({ signal }, 'stopping')
  const timeoutMs = config.shutdownTimeoutMs
  const cut = () => pools.destroy()
  const clean = await drain({ servers: data.servers, underWay, cut, delayMs, timeoutMs, logger })
  source.abort()
  await following
  shared?.close()
  for (const { servers } of Object.values(side)) for (const server of servers) stop(server)
  logger.info({ clean }, 'stopped')
  flush()
  return clean ? 0 : 1
}

const stop = (server: Server): void => {
  server.close()
  server.closeAllConnections()
}
