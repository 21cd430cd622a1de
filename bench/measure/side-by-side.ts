import type { Bench } from '../bench.ts'
import type { Running } from '../launch/candidate.ts'
import type { ClosedResult, RequestShape } from '../load/orders.ts'
import { cpuMicros, rssMiB } from '../process/usage.ts'
import type { Sample } from './sample.ts'
import { watchRss } from './watch-rss.ts'

export interface Contender {
  readonly name: string
  start(): Promise<Running>
  readonly request: RequestShape
}

/** A rate for the latency figures, or none. */
export interface Plan {
  readonly ratePerSecond?: number
}

interface Entry {
  readonly contender: Contender
  readonly running: Running
  readonly rssIdleMiB: number
  cpu: number
  completed: number
  elapsedMs: number
  errors: number
  rssLoadMiB: number
}

/**
 * One round. All contenders are up at once and take short turns in an order drawn anew each time; the CPU
 * clock is read at both ends of a turn, so an idle contender costs the others nothing and itself nothing.
 */
export async function sideBySide(
  bench: Bench,
  contenders: readonly Contender[],
  plan: Plan,
): Promise<Map<string, Sample>> {
  const entries = await startAll(bench, contenders)
  try {
    for (const entry of entries) await turn(bench, entry, { warmup: bench.settings.warmup, count: 0 })
    for (let index = 0; index < bench.settings.turns; index += 1) {
      for (const entry of bench.random.shuffle(entries)) {
        const { turnWarmup: warmup, turnRequests: count } = bench.settings
        await turn(bench, entry, { warmup, count })
      }
    }
    const samples = new Map<string, Sample>()
    for (const entry of bench.random.shuffle(entries)) {
      samples.set(entry.contender.name, { ...figures(entry), ...(await latency(bench, entry, plan)) })
    }
    return samples
  } finally {
    await Promise.all(entries.map(entry => entry.running.stop()))
  }
}

async function startAll(bench: Bench, contenders: readonly Contender[]): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const contender of bench.random.shuffle(contenders)) {
    try {
      const running = await contender.start()
      const rssIdleMiB = rssMiB(running.pid)
      entries.push({
        contender,
        running,
        rssIdleMiB,
        cpu: 0,
        completed: 0,
        elapsedMs: 0,
        errors: 0,
        rssLoadMiB: 0,
      })
    } catch (error) {
      bench.fail(contender.name, error)
    }
  }
  return entries
}

async function turn(bench: Bench, entry: Entry, size: { warmup: number; count: number }): Promise<void> {
  const { connections, turnMaxMs: maxMs } = bench.settings
  const { pid, port } = entry.running
  let before = 0
  const watch = watchRss(pid, 100)
  const order = { port, request: entry.contender.request, connections, maxMs, ...size }
  const result = await bench.load.closed(order, () => {
    before = cpuMicros(pid)
  })
  if (size.count > 0) add(entry, result, cpuMicros(pid) - before)
  entry.rssLoadMiB = Math.max(entry.rssLoadMiB, watch.stop())
}

function add(entry: Entry, result: ClosedResult, cpu: number): void {
  entry.cpu += cpu
  entry.completed += result.completed
  entry.elapsedMs += result.elapsedMs
  entry.errors += result.errors
}

function figures(entry: Entry): Sample {
  const { rssIdleMiB, rssLoadMiB, errors } = entry
  return {
    cpuMicros: entry.cpu / entry.completed,
    requestsPerSecond: (entry.completed / entry.elapsedMs) * 1000,
    rssIdleMiB,
    rssLoadMiB,
    readyMs: entry.running.readyMs,
    errors,
  }
}

async function latency(bench: Bench, entry: Entry, plan: Plan): Promise<Partial<Sample>> {
  if (plan.ratePerSecond === undefined) return {}
  const { connections, latencyMs: durationMs } = bench.settings
  const result = await bench.load.open({
    port: entry.running.port,
    request: entry.contender.request,
    connections,
    ratePerSecond: plan.ratePerSecond,
    warmupMs: durationMs / 5,
    durationMs,
    graceMs: 2000,
  })
  return { p50Ms: result.p50, p99Ms: result.p99, errors: entry.errors + result.errors + result.unanswered }
}
