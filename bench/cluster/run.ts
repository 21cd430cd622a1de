import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '../../test/cluster/support/control-plane.ts'
import { installCrd } from '../../test/cluster/support/routes.ts'
import { killEverything } from '../process/child.ts'
import { makeWorkspace } from '../process/workspace.ts'
import type { Section } from '../report/section.ts'
import { apiServerAway } from './api-server-away.ts'
import { atRest } from './at-rest.ts'
import { type ClusterBench, full, quick } from './bench.ts'
import { crdSize } from './crd-size.ts'
import { editLatency } from './edit-latency.ts'
import { editsUnderLoad } from './edits-under-load.ts'
import { halfOpen } from './half-open.ts'
import type { Measurement } from './measurement.ts'
import { help, type Options, readOptions } from './options.ts'
import { print } from './print.ts'
import { watches } from './watches.ts'

/** Watches first: an API server that did nothing yet shows best what they add. */
const measurements: readonly Measurement[] = [
  watches,
  atRest,
  editLatency,
  editsUnderLoad,
  halfOpen,
  apiServerAway,
  crdSize,
]

const begin = performance.now()
const say = (words: string): void =>
  console.error(`[${((performance.now() - begin) / 1000).toFixed(0).padStart(4)} s] ${words}`)

/** The bundle, built from this checkout: sources would strip types and load hundreds of files first. */
const buildRelay = (): readonly string[] => {
  const root = join(import.meta.dirname, '../..')
  const built = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the relay cannot be built: ${built.stderr}`)
  return [process.execPath, join(root, 'dist/fanout-relay.cjs')]
}

const environmentOf = async ({ request }: ControlPlane): Promise<Readonly<Record<string, unknown>>> => {
  const { object } = await request('GET', '/version')
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    kubernetes: object['gitVersion'],
  }
}

const measure = async (plane: ControlPlane, options: Options): Promise<void> => {
  const workspace = makeWorkspace()
  process.on('exit', workspace.remove)
  await installCrd(plane)
  const amounts = options.quick ? quick : full
  const bench: ClusterBench = { plane, workspace, amounts, relay: buildRelay(), say }
  const sections: Section[] = []
  const failures: string[] = []
  for (const { name, run } of measurements.filter(({ name }) => options.only.includes(name))) {
    say(name)
    try {
      sections.push(await run(bench))
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : error}`)
      say(`FAILED: ${failures.at(-1)}`)
    }
  }
  const environment = await environmentOf(plane)
  process.stdout.write(print(environment, sections, failures))
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ environment, amounts, sections, failures }, null, 2)}\n`)
  if (failures.length > 0) process.exitCode = 1
}

const main = async (options: Options): Promise<void> => {
  // On whatever way the run ends, its processes go with it; the control plane sees to itself.
  process.on('exit', killEverything)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
  say('starting the control plane')
  const plane = await startControlPlane()
  try {
    await measure(plane, options)
  } finally {
    await plane.stop()
  }
}

const names = measurements.map(({ name }) => name)
try {
  const options = readOptions(process.argv.slice(2), names)
  if (options.help) process.stdout.write(help(names))
  else await main(options)
} catch (error) {
  console.error(`bench:cluster: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
