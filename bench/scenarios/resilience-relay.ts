import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { startChild } from '../process/child.ts'
import { pinned } from '../process/cores.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer } from '../process/ready.ts'

const root = join(import.meta.dirname, '../..')
const bundle = join(root, 'dist/fanout-relay.cjs')
const program = existsSync(bundle) ? [process.execPath, bundle] : [join(root, 'bin/fanout-relay')]

/** The spec of a route that takes what begins with `/<name>`, but for its matches. */
export type Specs = Readonly<Record<string, object>>

/** The relay with routes of a scenario's own. */
export interface RelayWithRoutes {
  readonly port: number
  /** How long the slower of `/livez` and the admin API takes to answer, on connections of their own. */
  healthMs(): Promise<number>
  /** Sum of all series of this name. */
  metric(name: string): Promise<number>
  /** Puts these routes in place of the others; resolves when they are served. */
  reload(specs: Specs): Promise<void>
  stop(): Promise<void>
}

/** The built bundle, which `npm run bench` builds before any scenario; the sources where it could not. */
export async function startRelayWith(bench: Bench, specs: Specs): Promise<RelayWithRoutes> {
  const [port = 0, admin = 0, telemetry = 0] = await freePorts(3)
  const file = bench.workspace.write('routes.yaml', documents(specs))
  const at = (chosen: number) => `${loopback}:${chosen}`
  const flags = ['--listen', at(port), '--admin', at(admin), '--telemetry', at(telemetry)]
  const child = startChild(pinned(bench.cores.candidate, [...program, 'run', file, ...flags]))
  await firstGoodAnswer(child, telemetry, { path: '/readyz' }).catch(async error => {
    await child.stop()
    throw error
  })
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://${at(telemetry)}/metrics`)).text()
    const series = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'gm'))
    return [...series].reduce((sum, [, value]) => sum + Number(value), 0)
  }
  return {
    port,
    async healthMs() {
      const begin = performance.now()
      const options = { headers: { connection: 'close' } }
      const both = [`http://${at(telemetry)}/livez`, `http://${at(admin)}/api/v1/overview`]
      await Promise.all(both.map(async url => (await fetch(url, options)).arrayBuffer()))
      return performance.now() - begin
    },
    metric,
    async reload(next) {
      const reloads = 'fanout_config_reloads_total'
      const before = await metric(reloads)
      writeFileSync(file, documents(next))
      for (const giveUp = performance.now() + 5000; (await metric(reloads)) === before; ) {
        if (performance.now() > giveUp) throw new Error('the edited routes were not read within 5 s')
      }
    },
    stop: child.stop,
  }
}

/**
 * Requests on paths that answer at once, well or not, so that compiled code and pools are there before anything
 * is timed.
 */
export async function warmUpOn(
  bench: Bench,
  relay: RelayWithRoutes,
  { method, paths }: { readonly method: 'GET' | 'POST'; readonly paths: readonly string[] },
): Promise<void> {
  const request = { method, paths, bodyBytes: method === 'POST' ? 1024 : 0 }
  const count = bench.settings.quick ? 400 : 4000
  await bench.load.closed(
    { port: relay.port, request, connections: 16, warmup: 0, count, maxMs: 4000 },
    () => {},
  )
}

/** JSON is YAML, so nothing has to render it. */
function documents(specs: Specs): string {
  return Object.entries(specs)
    .map(([name, spec]) =>
      JSON.stringify({
        apiVersion: 'fanoutrelay.dev/v1alpha1',
        kind: 'FanOutRoute',
        metadata: { name, namespace: 'bench' },
        spec: { matches: [{ path: { value: `/${name}` } }], ...spec },
      }),
    )
    .join('\n---\n')
}
