import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { apiVersion, kind } from '../../src/api/names.ts'
import { number } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'
import { makeNamespace } from './namespace.ts'
import { firstAnswerOf, startPathEcho, versionedSpec } from './probe.ts'
import { quantile } from './quantile.ts'
import { apiServerPort, startRelay } from './relay.ts'

/** From an edit to the first request that is answered by the new version. */
export const editLatency: Measurement = { name: 'edit-latency', run }

const path = '/orders'

interface Edit {
  /** Until a request was answered by it. */
  readonly servedMs: number
  /** Until whoever made the edit was told of its success. */
  readonly confirmedMs: number
}

async function run(bench: ClusterBench): Promise<Section> {
  const { plane, amounts } = bench
  const namespace = await makeNamespace(bench, 'edit-latency')
  const echo = await startPathEcho()
  const spec = (version: number) => versionedSpec(path, echo.url, version)
  await namespace.apply('orders', spec(0))
  const tokenDir = await namespace.tokenDir()
  const relay = await startRelay(bench, { tokenDir, apiServer: apiServerPort(bench) })
  const file = join(bench.workspace.folder('routes'), 'orders.json')
  const kubectlApply = async (version: number): Promise<void> => {
    const { code, stderr } = await plane.kubectl('apply', '-n', namespace.name, '-f', file)
    if (code !== 0) throw new Error(`kubectl apply, version ${version}: ${stderr}`)
  }
  // kubectl wants to have made the object itself.
  const write = (version: number): void => {
    const object = { apiVersion, kind, metadata: { name: 'orders' }, spec: spec(version) }
    writeFileSync(file, JSON.stringify(object))
  }
  let version = 0
  const time = async (edit: (version: number) => Promise<void>): Promise<Edit> => {
    version += 1
    write(version)
    // Edits must not fall into step with anything.
    await pause(50 + Math.random() * 100)
    const startedAt = performance.now()
    const serving = firstAnswerOf(version, { port: relay.data, path, withinMs: 10_000 })
    const [servedAt, confirmedAt] = await Promise.all([serving, edit(version).then(() => performance.now())])
    return { servedMs: servedAt - startedAt, confirmedMs: confirmedAt - startedAt }
  }
  const series = async (edit: (version: number) => Promise<void>): Promise<readonly Edit[]> => {
    await time(edit)
    const edits: Edit[] = []
    while (edits.length < amounts.timedEdits) edits.push(await time(edit))
    return edits
  }
  try {
    const patch = await series(version => namespace.apply('orders', spec(version)))
    const kubectl = await series(kubectlApply)
    return report(amounts.timedEdits, patch, kubectl)
  } finally {
    await relay.stop()
    echo.close()
  }
}

const report = (count: number, patch: readonly Edit[], kubectl: readonly Edit[]): Section => {
  const served = ({ servedMs }: Edit): number => servedMs
  const confirmed = ({ confirmedMs }: Edit): number => confirmedMs
  const row = (what: string, values: readonly number[]): string[] => [
    what,
    ...[0.5, 0.99, 1].map(share => number(quantile(values, share))),
  ]
  return {
    name: editLatency.name,
    title: `From an edit to the first request answered by it (${count} edits each)`,
    columns: ['', 'p50 ms', 'p99 ms', 'max ms'],
    rows: [
      row('`kubectl apply` started → new version answers', kubectl.map(served)),
      row('of that, `kubectl apply` itself', kubectl.map(confirmed)),
      row('PATCH sent → new version answers', patch.map(served)),
      row('of that, the PATCH itself', patch.map(confirmed)),
      row(
        'PATCH confirmed → new version answers',
        patch.map(({ servedMs, confirmedMs }) => Math.max(0, servedMs - confirmedMs)),
      ),
    ],
    data: { patch, kubectl },
    figures: [],
  }
}
