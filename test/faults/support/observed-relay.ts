import { FailureRing } from '../../../src/telemetry/failure-ring.ts'
import { createAccessLog } from '../../../src/telemetry/logs/access-log.ts'
import { createLogs } from '../../../src/telemetry/logs/logger.ts'
import { Metrics } from '../../../src/telemetry/metrics/metrics.ts'
import { createObserver } from '../../../src/telemetry/observer.ts'
import { createTracing } from '../../../src/telemetry/tracing/tracing.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { type ParsedSample, parseExposition } from '../../telemetry/parse-exposition.ts'

/** A leg as its last line in the log has it. */
export interface LoggedLeg {
  readonly name: string
  readonly outcome: string
  readonly status: number
  readonly error?: string
  readonly detail?: string
  readonly attempts: number
}

export interface LoggedRequest {
  readonly traceId: string
  readonly outcome: string
  /** By name; legs that ended after the answer have a line of their own. */
  readonly legs: ReadonlyMap<string, LoggedLeg>
}

export interface ObservedRelay extends TestRelay {
  readonly routeId: string
  /** Of its pool for this upstream, which must be there. */
  connectionsTo(origin: string): number
  metrics(): Promise<readonly ParsedSample[]>
  /** `undefined` until its line has been written. */
  logged(requestId: string): LoggedRequest | undefined
}

/** The data path with the metrics, the access log and the spans of the product. */
export const startObserved = async (name: string, spec: object): Promise<ObservedRelay> => {
  const relay = await startRelay({})
  let text = ''
  const logs = createLogs({
    format: 'json',
    sink: {
      write: more => {
        text += more
      },
    },
  })
  const metrics = new Metrics({ build: { version: '0', revision: '', node: '26' }, runtime: 'off' })
  const observer = createObserver({
    metrics,
    logger: logs.logger,
    failures: new FailureRing({ capacity: 20, now: Date.now }),
    accessLog: createAccessLog(logs.accessLogger, 'all'),
    tracing: createTracing('0'),
  })
  // Before the first route: handles are bound when a table is built.
  Object.assign(relay.observer, observer)
  relay.load({ [name]: spec })
  return {
    ...relay,
    routeId: `default/${name}`,
    connectionsTo: origin => {
      const known = relay.pools.size
      const { stats } = relay.pools.acquire(origin)
      if (relay.pools.size !== known) throw new Error(`no pool for ${origin}`)
      relay.pools.release(origin)
      return stats.connected
    },
    metrics: async () => parseExposition(await metrics.render('text'), 'text'),
    logged: requestId => {
      logs.flush()
      const lines = text
        .split('\n')
        .filter(line => line.includes(requestId))
        .map(line => JSON.parse(line) as Line)
      const request = lines.find(({ msg }) => msg === 'request')
      if (!request) return undefined
      const late = lines.flatMap(({ leg }) => (leg ? [leg] : []))
      const legs = new Map([...(request.legs ?? []), ...late].map(leg => [leg.name, leg]))
      return { traceId: request.trace_id ?? '', outcome: request.outcome ?? '', legs }
    },
  }
}

interface Line {
  readonly msg: string
  readonly trace_id?: string
  readonly outcome?: string
  readonly legs?: readonly LoggedLeg[]
  readonly leg?: LoggedLeg
}
