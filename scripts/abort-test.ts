import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { apiVersion, kind } from '../src/api/names.ts'
import { abortMany, abortRoutes, startSlowUpstream } from '../test/aborts/aborting-clients.ts'
import { fetchNode } from './fetch-node.ts'

/*
 * Ten thousand clients that leave at any byte, with a reset, against the relay as a process of its own, on
 * each supported line of Node. Afterwards it must be alive, without a defect, with the sockets and the heap
 * it began with, and serve. Prints one line for each Node; exits 1 if one failed.
 */

const usage = `usage: node scripts/abort-test.ts [--count 10000] [--seed 1] [--node VERSION]…
  --node pinned is the one that npm ci brought; the default is: --node pinned --node 24.21.0`

const heapTolerance = 0.05
const spareDescriptors = 2

interface Figures {
  readonly fds: number
  readonly heapBytes: number
  readonly defects: number
  readonly busy: number
}

interface Relay {
  readonly process: ChildProcess
  readonly port: number
  readonly version: string
  figures(): Promise<Figures>
}

const start = async (node: string, routes: string): Promise<Relay> => {
  const own = '127.0.0.1:0'
  const ports = ['--listen', own, '--admin', own, '--telemetry', own]
  const child = spawn(
    join(import.meta.dirname, '../bin/fanout-relay'),
    ['run', routes, ...ports, '--access-log', 'off', '--log-format', 'json'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(node === 'pinned' ? {} : { FANOUT_NODE: fetchNode(node) }),
        // The inspector collects garbage before the heap is measured: without it 5 % would be noise.
        NODE_OPTIONS: '--inspect=127.0.0.1:0',
      },
    },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said = `${said}${text}`.slice(-10_000)
  })
  const line = await firstLine(child, '"msg":"listening"').catch(() => {
    throw new Error(`The relay ended before it listened:\n${said}`)
  })
  const { data, telemetry } = JSON.parse(line) as { data: string[]; telemetry: string[] }
  // The last one: bin/fanout-relay asks a Node that is not pinned for its version first.
  const call = await connectInspector(said.match(/ws:\/\/\S+/g)!.at(-1)!)
  const { result } = await call('Runtime.evaluate', { expression: 'process.version', returnByValue: true })
  return {
    process: child,
    port: Number(data[0]!.split(':').at(-1)),
    version: String((result as { value: string }).value),
    figures: async () => {
      const text = await (await fetch(`http://${telemetry[0]}/metrics`)).text()
      const sum = (name: string): number =>
        [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'gm'))].reduce(
          (total, [, value]) => total + Number(value),
          0,
        )
      await call('HeapProfiler.collectGarbage')
      const { usedSize } = await call('Runtime.getHeapUsage')
      return {
        fds: sum('process_open_fds'),
        heapBytes: usedSize as number,
        defects: sum('fanout_defects_total'),
        busy: sum('fanout_requests_in_flight') + sum('fanout_upstream_in_flight'),
      }
    },
  }
}

const firstLine = async (child: ChildProcess, wanted: string): Promise<string> => {
  for await (const line of createInterface({ input: child.stdout! })) {
    if (!line.includes(wanted)) continue
    child.stdout!.resume()
    return line
  }
  throw new Error('ended')
}

type Inspect = (method: string, params?: object) => Promise<Record<string, unknown>>

const connectInspector = async (url: string): Promise<Inspect> => {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const waiting = new Map<number, (result: Record<string, unknown>) => void>()
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: Record<string, unknown> }
    waiting.get(id)?.(result)
    waiting.delete(id)
  }
  let count = 0
  return (method, params = {}) =>
    new Promise(resolve => {
      const id = ++count
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ id, method, params }))
    })
}

/** Longer than upstreams keep idle connections, so that only what leaked is left. */
const quietMs = 6_000
const patienceMs = 40_000

/** Figures once nothing is under way and the number of descriptors has stood still. */
const settled = async (relay: Relay): Promise<Figures> => {
  const until = performance.now() + patienceMs
  let last = await relay.figures()
  let quietSince = performance.now()
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 500))
    const next = await relay.figures()
    const now = performance.now()
    if (next.busy > 0 || next.fds !== last.fds) quietSince = now
    if (now - quietSince > quietMs || now > until) return next
    last = next
  }
}

const test = async (node: string, count: number, seed: number): Promise<boolean> => {
  const upstreams = [
    await startSlowUpstream(1),
    await startSlowUpstream(2),
    await startSlowUpstream(3),
  ] as const
  const directory = mkdtempSync(join(tmpdir(), 'fanout-abort-'))
  const routes = join(directory, 'routes.yaml')
  const specs = Object.entries(abortRoutes([upstreams[0].url, upstreams[1].url, upstreams[2].url]))
  const documents = specs.map(([name, spec]) => stringify({ apiVersion, kind, metadata: { name }, spec }))
  writeFileSync(routes, documents.join('---\n'))
  const relay = await start(node, routes)
  try {
    const { port } = relay
    // Compiled code, pools and series are there before the heap is measured.
    await abortMany({ port, count: Math.max(500, Math.floor(count / 5)), seed: seed + 1 })
    const before = await settled(relay)
    const began = performance.now()
    const left = await abortMany({ port, count, seed })
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const after = await settled(relay)
    const { status } = await fetch(`http://127.0.0.1:${port}/envelope`)
    const alive = relay.process.exitCode === null && relay.process.signalCode === null
    const growth = after.heapBytes / before.heapBytes - 1
    const failures = [
      !alive && 'the relay died',
      after.defects > 0 && `${after.defects} defects`,
      after.busy > 0 && `${after.busy} requests or attempts never ended`,
      after.fds > before.fds + spareDescriptors && 'sockets leaked',
      growth > heapTolerance && 'the heap grew',
      ![200, 207, 502].includes(status) && `a normal request was answered ${status}`,
    ].filter(failure => failure !== false)
    console.log(
      `node ${relay.version}: ${failures.length === 0 ? 'ok' : `FAILED (${failures.join(', ')})`}; ` +
        `${count} clients left (${Object.entries(left)
          .map(([stage, n]) => `${stage} ${n}`)
          .join(', ')}; seed ${seed}) ` +
        `in ${seconds} s; defects ${after.defects}, descriptors ${before.fds} -> ${after.fds}, ` +
        `heap ${mebibytes(before)} -> ${mebibytes(after)} MiB (${(growth * 100).toFixed(1)} %)`,
    )
    return failures.length === 0
  } finally {
    relay.process.kill('SIGKILL')
    for (const upstream of upstreams) await upstream.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const mebibytes = ({ heapBytes }: Figures): string => (heapBytes / 2 ** 20).toFixed(2)

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    node: { type: 'string', multiple: true, default: ['pinned', '24.21.0'] },
    help: { type: 'boolean' },
  },
})
if (values.help) console.log(usage)
else {
  let failed = 0
  for (const node of values.node) if (!(await test(node, Number(values.count), Number(values.seed)))) failed++
  console.log(`abort test: ${values.node.length - failed} passed, ${failed} failed, 0 skipped`)
  process.exit(failed > 0 ? 1 : 0)
}
