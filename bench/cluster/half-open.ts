import { setTimeout as pause } from 'node:timers/promises'
import { startFreezingProxy } from '../../test/kubernetes/support/freezing-proxy.ts'
import { eventually } from '../../test/support/eventually.ts'
import { number } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'
import { makeNamespace, type RelayNamespace } from './namespace.ts'
import { firstAnswerOf, type PathEcho, startPathEcho, versionedSpec } from './probe.ts'
import { quantile } from './quantile.ts'
import { apiServerPort, startRelay } from './relay.ts'

/** A connection that stays open and brings nothing any more: how long it can hide an edit. */
export const halfOpen: Measurement = { name: 'half-open', run }

const atMostMs = 60_000

async function run(bench: ClusterBench): Promise<Section> {
  const { frozenRelays, freezeEveryMs } = bench.amounts
  const namespace = await makeNamespace(bench, 'half-open')
  const echo = await startPathEcho()
  try {
    // The first is frozen as soon as its watch has begun, which hides an edit longest; others later in its life.
    const hiddenMs = await Promise.all(
      Array.from({ length: frozenRelays }, (_, index) =>
        hide(bench, { namespace, echo, name: `orders-${index}`, afterMs: index * freezeEveryMs }),
      ),
    )
    const longest = quantile(hiddenMs, 1)
    return {
      name: halfOpen.name,
      title: `A connection to the API server that only seems to be there (${frozenRelays} relays)`,
      columns: ['frozen after the watch began, s', 'edit → first request answered by it, s'],
      rows: hiddenMs.map((ms, index) => [number((index * freezeEveryMs) / 1_000), number(ms / 1_000)]),
      data: { hiddenMs },
      figures: [
        {
          what: 'R7: an edit behind a half-open connection is served',
          value: longest,
          atMost: atMostMs,
          unit: 'ms',
        },
      ],
    }
  } finally {
    echo.close()
  }
}

interface Hidden {
  readonly namespace: RelayNamespace
  readonly echo: PathEcho
  /** Of the route; each relay has one of its own. */
  readonly name: string
  readonly afterMs: number
}

/** Milliseconds for which a frozen connection hid an edit from a relay. */
const hide = async (bench: ClusterBench, { namespace, echo, name, afterMs }: Hidden): Promise<number> => {
  const path = `/${name}`
  await namespace.apply(name, versionedSpec(path, echo.url, 0))
  const proxy = await startFreezingProxy(apiServerPort(bench))
  const relay = await startRelay(bench, { tokenDir: await namespace.tokenDir(), apiServer: proxy.port })
  try {
    await eventually(async () => {
      if ((await relay.metric('fanout_watch_connected')) !== 1) throw new Error('no watch is open')
    }, 10_000)
    await pause(afterMs)
    proxy.freeze()
    const editedAt = performance.now()
    await namespace.apply(name, versionedSpec(path, echo.url, 1))
    return (await firstAnswerOf(1, { port: relay.data, path, withinMs: 2 * atMostMs })) - editedAt
  } finally {
    await relay.stop()
    await proxy.close()
  }
}
