import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import type { Running } from '../launch/candidate.ts'
import type { FloodOrder, FloodResult } from '../load/flood.ts'
import { startChild } from '../process/child.ts'
import { pinned } from '../process/cores.ts'
import { loopback } from '../process/ports.ts'
import { cpuMicros } from '../process/usage.ts'
import { cell } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import type { Scenario } from './scenario.ts'
import { eachVariant, running } from './variants.ts'

const name = 'overload'
const title = 'Three times the peak: goodput, the latency of what is taken, the health answer, recovery'
const situation = '3 x peak'
const shape = { method: 'POST', paths: ['/'], bodyBytes: 1024 } as const

interface Overloaded extends FloodResult {
  readonly peakPerSecond: number
  readonly goodputPerSecond: number
  /** Answers per second of the candidate's own CPU, against the same at the peak: what neighbours took is left out. */
  readonly ratioPerCpu: number
  readonly ratio: number
  /** Of its core, during the flood: less than all of it says that the load or a neighbour was the bottleneck. */
  readonly cpuShare: number
  readonly slowestHealthMs: number
  readonly recoveryMs: number
}

export const overload: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const measured = await eachVariant(bench, ['fanout-relay'], [situation], ({ candidate }) => {
    const [primary = 0, secondary = 0] = bench.fast.ports
    const job = { mode: 'aggregate', primary, secondary } as const
    return running(bench, candidate, job, started => measure(bench, started))
  })
  const of = (pick: (result: Overloaded) => number) =>
    spread(measured.rounds('fanout-relay', situation).map(result => result && pick(result)))
  const columns: readonly [string, (result: Overloaded) => number][] = [
    ['peak/s', result => result.peakPerSecond],
    ['offered/s', result => (result.sent / result.elapsedMs) * 1000],
    ['goodput/s', result => result.goodputPerSecond],
    ['÷ peak', result => result.ratio],
    ['÷ peak, per CPU', result => result.ratioPerCpu],
    ['CPU', result => result.cpuShare],
    ['shed', result => result.shed],
    ['p50 ms', result => result.acceptedP50],
    ['p99 ms', result => result.acceptedP99],
    ['refusal p50 ms', result => result.shedP50],
    ['slowest health ms', result => result.slowestHealthMs],
    ['recovery ms', result => result.recoveryMs],
    ['errors', result => result.errors],
  ]
  return {
    name,
    title,
    columns: columns.map(([column]) => column),
    rows: [columns.map(([, pick]) => cell(of(pick)))],
    data: measured,
    notes: ['offered/s is what the generator could send; the rest found all its connections busy.'],
    figures: [
      { what: 'goodput lost at 3 x peak', value: of(r => 1 - r.ratio)?.median, atMost: 0.2, unit: '' },
      { what: 'slowest health answer', value: of(r => r.slowestHealthMs)?.max, atMost: 1000, unit: 'ms' },
      { what: 'recovery', value: of(r => r.recoveryMs)?.max, atMost: 5000, unit: 'ms' },
    ],
  }
}

async function measure(bench: Bench, { pid, port, telemetryPort = port }: Running): Promise<Overloaded> {
  const { quick } = bench.settings
  let cpu = 0
  const closed = { port, request: shape, connections: 64, warmup: quick ? 500 : 20_000 }
  const limits = { count: quick ? 1_000 : 1_000_000, maxMs: quick ? 500 : 4_000 }
  const peak = await bench.load.closed({ ...closed, ...limits }, () => {
    cpu = cpuMicros(pid)
  })
  const peakPerCpu = peak.completed / (cpuMicros(pid) - cpu)
  const peakPerSecond = (peak.completed / peak.elapsedMs) * 1000

  const generator = new URL('../load/flood.ts', import.meta.url).pathname
  const child = startChild(pinned(bench.cores.surroundings, [process.execPath, generator]), { ipc: true })
  try {
    const durationMs = quick ? 1_000 : 10_000
    const order: FloodOrder = { port, connections: 1_000, ratePerSecond: 3 * peakPerSecond, durationMs }
    cpu = cpuMicros(pid)
    child.process.send(order)
    const ended = once(child.process, 'message').then(([result]) => result as FloodResult)
    let flooding = true
    let slowestHealthMs = 0
    const watched = (async () => {
      while (flooding) {
        const { ms } = await ask(telemetryPort, '/livez')
        slowestHealthMs = Math.max(slowestHealthMs, ms)
        await sleep(100)
      }
    })()
    const result = await ended
    flooding = false
    const usedMicros = cpuMicros(pid) - cpu
    const perCpu = result.accepted / usedMicros
    const cpuShare = usedMicros / (result.elapsedMs * 1000)
    const recoveryMs = await recovered(port)
    await watched
    const goodputPerSecond = (result.accepted / result.elapsedMs) * 1000
    const ratios = { ratio: goodputPerSecond / peakPerSecond, ratioPerCpu: perCpu / peakPerCpu }
    return { ...result, ...ratios, cpuShare, peakPerSecond, goodputPerSecond, slowestHealthMs, recoveryMs }
  } finally {
    await child.stop()
  }
}

/** Until twenty requests in a row are answered well, and soon. */
async function recovered(port: number): Promise<number> {
  const begin = performance.now()
  let since = begin
  for (let good = 0; good < 20 && performance.now() - begin < 30_000; ) {
    const { status, ms } = await ask(port, '/')
    if (status === 200 && ms < 100) good += 1
    else {
      good = 0
      since = performance.now()
    }
  }
  return since - begin
}

function ask(port: number, path: string): Promise<{ readonly status: number; readonly ms: number }> {
  const begin = performance.now()
  return new Promise(resolve => {
    const done = (status: number) => resolve({ status, ms: performance.now() - begin })
    request({ host: loopback, port, path, agent: false }, response => {
      response.resume().on('close', () => done(response.statusCode ?? 0))
    })
      .on('error', () => done(0))
      .end()
  })
}
