import type { Bench } from '../bench.ts'
import { median } from '../report/stats.ts'
import type { RelayWithRoutes } from './resilience-relay.ts'

/** One turn of measuring, with what came before it. */
export const turnMs = ({ settings }: Bench): number => settings.slowShadowMs / 4
export const turnWarmUpMs = (bench: Bench): number => turnMs(bench) / 4

/**
 * One round: every variant in short turns, in an order drawn anew each time, and the median of its turns. A
 * neighbour's noise is then in all of them.
 */
export async function byTurns<V>(
  bench: Bench,
  variants: readonly V[],
  measure: (variant: V) => Promise<number>,
): Promise<Map<V, number>> {
  const turns = new Map<V, number[]>(variants.map(variant => [variant, []]))
  for (let turn = 0; turn < bench.settings.turns; turn += 1) {
    for (const variant of bench.random.shuffle(variants)) turns.get(variant)!.push(await measure(variant))
  }
  return new Map([...turns].map(([variant, values]) => [variant, median(values)]))
}

/** p99 in milliseconds of a turn of 200 requests a second, as their callers see it. */
export async function clientP99(
  bench: Bench,
  relay: RelayWithRoutes,
  { method, path }: { readonly method: 'GET' | 'POST'; readonly path: string },
): Promise<number> {
  const { p99, errors, unanswered } = await bench.load.open({
    port: relay.port,
    request: { method, paths: [path], bodyBytes: method === 'POST' ? 1024 : 0 },
    connections: 64,
    ratePerSecond: 200,
    warmupMs: turnWarmUpMs(bench),
    durationMs: turnMs(bench),
    graceMs: 1000,
  })
  if (errors + unanswered > 0) bench.fail(path, `${errors} errors, ${unanswered} unanswered`)
  return p99
}
