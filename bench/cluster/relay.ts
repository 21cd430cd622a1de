import { type Child, startChild } from '../process/child.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer } from '../process/ready.ts'
import type { ClusterBench } from './bench.ts'

/** Where a relay has its routes from. */
export type RouteOrigin =
  | { readonly file: string }
  /** As a pod finds them; `apiServer` is its port on loopback. */
  | { readonly tokenDir: string; readonly apiServer: number }

export interface RunningRelay {
  readonly pid: number
  /** Port for requests. */
  readonly data: number
  /** From the start of the process until /readyz said yes. */
  readonly readyMs: number
  isReady(): Promise<boolean>
  /** Value of a metric; of one with labels, the sum. */
  metric(name: string): Promise<number>
  /** Series of a metric with labels that are not 0, as in `reason="ended" 3`. */
  series(name: string): Promise<readonly string[]>
  stop(): Promise<void>
}

/** Starts the built relay and waits until it is ready. */
export const startRelay = async ({ relay }: ClusterBench, origin: RouteOrigin): Promise<RunningRelay> => {
  const [data = 0, admin = 0, telemetry = 0] = await freePorts(3)
  const ports = { listen: data, admin, telemetry }
  const flags = Object.entries(ports).flatMap(([flag, port]) => [`--${flag}`, `${loopback}:${port}`])
  const [routes, env] = 'file' in origin ? [[origin.file], {}] : fromApiServer(origin)
  const startedAt = performance.now()
  const child: Child = startChild([...relay, 'run', ...routes, ...flags, '--access-log', 'off'], { env })
  const readyAt = await firstGoodAnswer(child, telemetry, { path: '/readyz' })
  const ask = (path: string) => fetch(`http://${loopback}:${telemetry}${path}`)
  const metrics = async (): Promise<string> => (await ask('/metrics')).text()
  return {
    pid: child.pid,
    data,
    readyMs: readyAt - startedAt,
    isReady: async () => (await ask('/readyz')).ok,
    metric: async name => sumOf(await metrics(), name),
    series: async name =>
      [...(await metrics()).matchAll(new RegExp(`^${name}\\{([^}]*)\\} ([1-9]\\S*)$`, 'gm'))].map(
        ([, labels, value]) => `${labels} ${value}`,
      ),
    stop: () => child.stop(),
  }
}

const fromApiServer = ({ tokenDir, apiServer }: { readonly tokenDir: string; readonly apiServer: number }) =>
  [
    ['--kubernetes', '--token-dir', tokenDir],
    { KUBERNETES_SERVICE_HOST: loopback, KUBERNETES_SERVICE_PORT: String(apiServer) },
  ] as const

/** Sum over all labels of a metric in Prometheus' text format; 0 when it is not there. */
export const sumOf = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
    (total, [, value]) => total + Number(value),
    0,
  )

/** The port of the API server on loopback. */
export const apiServerPort = ({ plane }: ClusterBench): number => Number(new URL(plane.url).port)
