import { apiVersion, kind } from '../../src/api/names.ts'
import { steadyRss } from '../measure/watch-rss.ts'
import { cell } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'
import { makeNamespace } from './namespace.ts'
import { versionedSpec } from './probe.ts'
import { apiServerPort, type RouteOrigin, startRelay } from './relay.ts'

/** What a relay that follows the API server takes at rest, beside one with the same routes from a file. */
export const atRest: Measurement = { name: 'at-rest', run }

const routeCount = 20

interface Start {
  readonly readyMs: number
  readonly rssMiB: number
}

async function run(bench: ClusterBench): Promise<Section> {
  const namespace = await makeNamespace(bench, 'at-rest')
  const routes = Array.from({ length: routeCount }, (_, index) => ({
    apiVersion,
    kind,
    metadata: { name: `orders-${index}` },
    spec: versionedSpec(`/orders-${index}`, 'http://127.0.0.1:9', 0),
  }))
  for (const { metadata, spec } of routes) await namespace.apply(metadata.name, spec)
  const text = routes.map(route => JSON.stringify(route)).join('\n---\n')
  const file = bench.workspace.write('routes.yaml', text)
  const origins: Readonly<Record<string, RouteOrigin>> = {
    files: { file },
    '`--kubernetes`': { tokenDir: await namespace.tokenDir(), apiServer: apiServerPort(bench) },
  }
  const starts = new Map<string, Start[]>(Object.keys(origins).map(name => [name, []]))
  // The first start of each fills V8's compile cache, as the one before in a container's life would have.
  for (let round = -1; round < bench.amounts.starts; round++) {
    for (const [name, origin] of Object.entries(origins)) {
      const start = await startOnce(bench, origin)
      if (round >= 0) starts.get(name)?.push(start)
    }
  }
  return {
    name: atRest.name,
    title: `A relay with ${routeCount} routes at rest (${bench.amounts.starts} starts each)`,
    columns: ['routes from', 'start to /readyz, ms', 'RSS at rest, MiB'],
    rows: [...starts].map(([name, some]) => [
      name,
      cell(spread(some.map(({ readyMs }) => readyMs))),
      cell(spread(some.map(({ rssMiB }) => rssMiB))),
    ]),
    data: Object.fromEntries(starts),
    figures: [],
  }
}

const startOnce = async (bench: ClusterBench, origin: RouteOrigin): Promise<Start> => {
  const relay = await startRelay(bench, origin)
  const rssMiB = await steadyRss(relay.pid)
  await relay.stop()
  return { readyMs: relay.readyMs, rssMiB }
}
