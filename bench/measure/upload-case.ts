import type { Bench } from '../bench.ts'
import type { Candidate } from '../launch/candidate.ts'
import { cpuMicros, rssMiB } from '../process/usage.ts'
import { percentile } from '../report/stats.ts'
import { startApart } from '../upstreams/scripted.ts'
import type { Sample } from './sample.ts'
import { watchRss } from './watch-rss.ts'

export const uploadBytes = 10 * 2 ** 20
const concurrency = 4

/** One round of large uploads, candidate after candidate in a drawn order. */
export async function uploadRound(bench: Bench): Promise<Map<string, Sample>> {
  const upstreams = await startApart(bench.cores, ['fast', 'reading:10000000'])
  const samples = new Map<string, Sample>()
  try {
    const able = bench.candidates.filter(candidate => candidate.modes.includes('shadow'))
    for (const candidate of bench.random.shuffle(able)) {
      try {
        samples.set(candidate.name, await measure(bench, candidate, upstreams.ports))
      } catch (error) {
        bench.fail(candidate.name, error)
      }
    }
  } finally {
    await upstreams.stop()
  }
  return samples
}

async function measure(bench: Bench, candidate: Candidate, ports: readonly number[]): Promise<Sample> {
  const [primary = 0, secondary = 0] = ports
  const running = await candidate.start({ mode: 'shadow', primary, secondary, streaming: true }, bench)
  try {
    const rssIdleMiB = rssMiB(running.pid)
    const before = cpuMicros(running.pid)
    const watch = watchRss(running.pid)
    const begin = performance.now()
    const { uploads: count } = bench.settings
    const maxMs = bench.settings.quick ? 4000 : 20_000
    const { port, readyMs } = running
    const result = await bench.load.upload({ port, bytes: uploadBytes, concurrency, count, maxMs })
    const answered = result.answersMs.length
    return {
      cpuMicros: (cpuMicros(running.pid) - before) / answered,
      requestsPerSecond: (answered / (performance.now() - begin)) * 1000,
      p50Ms: percentile(result.answersMs, 50),
      p99Ms: percentile(result.answersMs, 99),
      rssIdleMiB,
      rssLoadMiB: watch.stop(),
      readyMs,
      errors: result.errors,
    }
  } finally {
    await running.stop()
  }
}
