import { group, plural, version } from '../../src/api/names.ts'
import { systemClock } from '../../src/core/clock.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { Reflector } from '../../src/kubernetes/reflector.ts'
import { ReflectorFigures } from '../../src/kubernetes/reflector-figures.ts'
import { listResults } from '../../src/kubernetes/reflector-observer.ts'
import type { WatchJob, WatchReport } from './watch-job.ts'

/*
 * As many reflectors as there are token directories, as that many relays would have them. Starts them on the message
 * `start`, counts what they did on `figures`.
 */

const job = JSON.parse(process.argv[2] ?? '') as WatchJob
const report = (words: WatchReport): void => void process.send?.(words)

class Watching extends ReflectorFigures {
  readonly #onWatch: () => void

  constructor(onWatch: () => void) {
    super(systemClock)
    this.#onWatch = onWatch
  }

  override connected(connected: boolean): void {
    if (connected && !this.isConnected) this.#onWatch()
    super.connected(connected)
  }
}

const clients = await Promise.all(
  job.tokenDirs.map(tokenDir => loadCluster({ tokenDir, server: job.server })),
)
const all: Watching[] = []
const changes: number[] = []
const firstSeen = new Map<number, number>()
const seenBy = new Map<number, number>()
let watching = 0

const tell = (index: number): void => {
  if (watching < clients.length) return
  const count = (changes[index] ?? 0) + 1
  changes[index] = count
  if (!firstSeen.has(count)) firstSeen.set(count, Date.now())
  const seen = (seenBy.get(count) ?? 0) + 1
  seenBy.set(count, seen)
  if (seen < clients.length) return
  report({ type: 'seen', changes: count, firstAt: firstSeen.get(count)!, at: Date.now() })
}

const start = (): void => {
  const startedAt = performance.now()
  const listedMs: number[] = []
  for (const [index, client] of clients.entries()) {
    let isFirst = true
    const figures = new Watching(() => {
      if (!isFirst) return
      isFirst = false
      watching += 1
      if (watching === clients.length) report({ type: 'watching', listedMs, at: Date.now() })
    })
    all.push(figures)
    const reflector = new Reflector({
      client,
      resource: { group, version, plural, namespace: client.namespace },
      onChange: () => {
        if (listedMs[index] === undefined) listedMs[index] = performance.now() - startedAt
        else tell(index)
      },
      observer: figures,
      guardDeletions: true,
      spreadMs: job.spreadMs,
      ...(job.watchSeconds && { watchSeconds: job.watchSeconds }),
    })
    void reflector.run(new AbortController().signal)
  }
}

const sum = (pick: (figures: Watching) => number): number =>
  all.reduce((total, figures) => total + pick(figures), 0)

/** By reason. */
const failedLists = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    listResults
      .map(result => [result, sum(({ lists }) => lists[result])] as const)
      .filter(([result, count]) => result !== 'success' && count > 0),
  )

process.on('message', message => {
  if (message === 'start') start()
  else
    report({
      type: 'figures',
      lists: sum(({ lists }) => lists.success),
      failedLists: failedLists(),
      renewals: sum(({ restarts }) => restarts.ended),
    })
})
process.on('disconnect', () => process.exit())
report({ type: 'loaded' })
