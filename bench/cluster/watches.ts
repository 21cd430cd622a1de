import { setTimeout as pause } from 'node:timers/promises'
import { cell, number } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import { spread } from '../report/stats.ts'
import { cpuSecondsOf, heapMiB, type Usage, usageOf } from './api-server-usage.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'
import { makeNamespace, type RelayNamespace } from './namespace.ts'
import { versionedSpec } from './probe.ts'
import { quantile } from './quantile.ts'
import { startWatchers, type Watchers } from './watchers.ts'

/** What idle watches, the lists of a common start, and an edit cost the API server. */
export const watches: Measurement = { name: 'watches', run }

const routeCount = 20
/** As relays without route cache have it. */
const spreadMs = 250
const editCount = 20

/** The API server at rest, with or without watches. */
interface Rest {
  readonly what: string
  readonly windows: readonly Usage[]
  readonly heapMiB: number
  /** Watches that were renewed in all windows together. */
  readonly renewals: number
  /** Of all windows. */
  readonly seconds: number
}

interface Storm {
  readonly cpuSeconds: number
  readonly seconds: number
  readonly listedMs: readonly number[]
  readonly failedLists: Readonly<Record<string, number>>
}

interface EditCosts {
  /** Of the API server, for all edits together with their PATCHes. */
  readonly cpuSeconds: number
  readonly seconds: number
  /** From the first reflector that was told to the last, of each edit. */
  readonly spreadMs: readonly number[]
}

async function run(bench: ClusterBench): Promise<Section> {
  const { amounts, plane, say } = bench
  const namespace = await makeNamespace(bench, 'watches')
  const apply = (version: number) =>
    namespace.apply('orders-0', versionedSpec('/orders-0', 'http://orders.example', version))
  await apply(0)
  for (let index = 1; index < routeCount; index++)
    await namespace.apply(`orders-${index}`, versionedSpec(`/orders-${index}`, 'http://orders.example', 0))
  const tokenDirs = await makeTokenDirs(namespace, amounts.watches)
  await pause(amounts.settleSeconds * 200)

  say('API server without watches')
  const none = await rest(bench, 'none')
  const start = (watchSeconds?: readonly [number, number]): Promise<Watchers> =>
    startWatchers({ server: plane.url, tokenDirs, spreadMs, ...(watchSeconds && { watchSeconds }) })

  say(`${amounts.watches} watches`)
  const renewed = await start()
  const firstStorm = await storm(bench, renewed)
  await pause(amounts.settleSeconds * 1_000)
  const some = await rest(bench, `${amounts.watches}, of 35 to 45 s each`, renewed)
  const edits = await editCosts(bench, renewed, apply)
  await renewed.stop()
  await pause(5_000)

  say(`${amounts.watches} watches that are not renewed`)
  const lasting = await start([600, 600])
  const secondStorm = await storm(bench, lasting)
  await pause(amounts.settleSeconds * 200)
  const long = await rest(bench, `${amounts.watches}, none renewed meanwhile`, lasting)
  await lasting.stop()
  return report(amounts.watches, { rests: [none, some, long], storms: [firstStorm, secondStorm], edits })
}

/** One token each, eight at a time. */
const makeTokenDirs = async (namespace: RelayNamespace, count: number): Promise<readonly string[]> => {
  const directories: string[] = []
  while (directories.length < count) {
    const batch = Math.min(8, count - directories.length)
    directories.push(...(await Promise.all(Array.from({ length: batch }, () => namespace.tokenDir()))))
  }
  return directories
}

const rest = async (bench: ClusterBench, what: string, watchers?: Watchers): Promise<Rest> => {
  const renewals = async () => (await watchers?.figures())?.renewals ?? 0
  const before = await renewals()
  // What an earlier part left behind is not to be this one's.
  await heapMiB(bench)
  await pause(bench.amounts.settleSeconds * 100)
  const startedAt = performance.now()
  const windows: Usage[] = []
  while (windows.length < bench.amounts.windows)
    windows.push(await usageOf(bench, bench.amounts.windowSeconds))
  const seconds = (performance.now() - startedAt) / 1_000
  return { what, windows, seconds, renewals: (await renewals()) - before, heapMiB: await heapMiB(bench) }
}

const storm = async (bench: ClusterBench, watchers: Watchers): Promise<Storm> => {
  const startedAt = Date.now()
  const { seconds, result } = await cpuSecondsOf(bench, () => watchers.start())
  const { failedLists } = await watchers.figures()
  return {
    cpuSeconds: seconds,
    seconds: (result.at - startedAt) / 1_000,
    listedMs: result.listedMs,
    failedLists,
  }
}

const editCosts = async (
  bench: ClusterBench,
  watchers: Watchers,
  apply: (version: number) => Promise<void>,
): Promise<EditCosts> => {
  const spreadMs: number[] = []
  const startedAt = performance.now()
  const { seconds: cpuSeconds } = await cpuSecondsOf(bench, async () => {
    for (let version = 1; version <= editCount; version++) {
      const [{ at, firstAt }] = await Promise.all([watchers.seen(version), apply(version)])
      spreadMs.push(at - firstAt)
    }
  })
  return { cpuSeconds, seconds: (performance.now() - startedAt) / 1_000, spreadMs }
}

interface Figures {
  readonly rests: readonly Rest[]
  readonly storms: readonly Storm[]
  readonly edits: EditCosts
}

const report = (count: number, figures: Figures): Section => {
  const { rests, storms, edits } = figures
  const cpu = ({ windows }: Rest) => spread(windows.map(({ cpuSecondsPerMinute }) => cpuSecondsPerMinute))
  const rss = ({ windows }: Rest) => spread(windows.map(usage => usage.rssMiB))
  const of = <T>(some: readonly T[], pick: (one: T) => number) => cell(spread(some.map(pick)))
  const [none, some] = rests
  const atRestCpu = cpu(none!)!.median
  const perEditMs = ((edits.cpuSeconds - (cpu(some!)!.median / 60) * edits.seconds) / editCount) * 1_000
  return {
    name: watches.name,
    title: `${count} relays’ watches on one API server, ${routeCount} routes in their namespace`,
    columns: ['watches', 'CPU s per minute', 'RSS MiB', 'in use after GC, MiB', 'renewals/s'],
    rows: rests.map(one => [
      one.what,
      cell(cpu(one)),
      cell(rss(one)),
      number(one.heapMiB),
      number(one.renewals / one.seconds),
    ]),
    notes: [
      `${count} first lists and watches at once: CPU ${of(storms, ({ cpuSeconds }) => cpuSeconds)} s; all listed and ` +
        `watching after ${of(storms, storm => storm.seconds)} s; a relay’s list, p50 ` +
        `${of(storms, ({ listedMs }) => quantile(listedMs, 0.5))} ms, p99 ` +
        `${of(storms, ({ listedMs }) => quantile(listedMs, 0.99))} ms; lists that failed: ` +
        `${storms.map(({ failedLists }) => JSON.stringify(failedLists)).join(', ')}`,
      `an edit that all ${count} are told of: CPU about ${number(perEditMs)} ms; from the first told ` +
        `to the last ${cell(spread(edits.spreadMs))} ms`,
      `per 1,000 watches: CPU ${number(((cpu(some!)!.median - atRestCpu) / count) * 1_000)} s per minute, RSS ` +
        `${number(((rss(some!)!.median - rss(none!)!.median) / count) * 1_000)} MiB, in use ` +
        `${number(((some!.heapMiB - none!.heapMiB) / count) * 1_000)} MiB`,
    ],
    data: figures,
    figures: [],
  }
}
