import type { LegTally, RequestRecord } from './record.ts'
import { roundMs } from './round-ms.ts'
import { scriptText } from './script-text.ts'
import { maxShown, type Simulation, type SimulationResult } from './simulate.ts'

/** A simulation as `-o json` shows it. Fields are added in time, never renamed or removed. */
export interface Report
  extends Omit<
    SimulationResult,
    'legs' | 'first' | 'slowest' | 'failed' | 'watchedUntil' | 'defects' | 'isSuccess'
  > {
  readonly route: string
  readonly request: { readonly method: string; readonly path: string; readonly host: string }
  readonly load: Simulation['load']
  readonly seed: number
  readonly legs: readonly ReportedLeg[]
  /** What differs from the same route in production, in words. */
  readonly notes: readonly string[]
  readonly waterfalls: readonly Waterfall[]
}

export interface ReportedLeg extends LegTally {
  /** The origin that requests would go to. */
  readonly insteadOf: string
  /** What it was told to do, in words: `answers after 900ms (5%), else 20ms; 503 (first 2)`. */
  readonly script: string
}

/** One request: `why` it is shown (empty = it is the only one), when its tries began and ended, and its answer. */
export interface Waterfall extends Omit<RequestRecord, 'startedAt'> {
  readonly why: string
  /** When the last of it ended, or what had not ended was given up: the end of its time axis. */
  readonly untilMs: number
}

/** Makes the report of a simulation that has ended. Pure. */
export const report = (simulation: Simulation, result: SimulationResult): Report => {
  const { route, request, load, seed, scripts } = simulation
  const { method, path, host } = request
  const { requests, unanswered, notSent, interrupted, elapsedMs, outcomes } = result
  const { latency, amplification, rateLimited, legs } = result
  return {
    route: route.id,
    request: { method, path, host },
    load,
    seed,
    notes: notesOn(simulation),
    requests,
    unanswered,
    notSent,
    interrupted,
    elapsedMs,
    outcomes,
    latency,
    amplification,
    rateLimited,
    legs: legs.map(tally => ({
      ...tally,
      insteadOf: route.legs.find(({ name }) => name === tally.name)!.origin,
      script: scriptText(scripts.get(tally.name)),
    })),
    waterfalls: waterfallsOf(simulation, result),
  }
}

const notesOn = ({ route }: Simulation): readonly string[] => {
  const secure = route.legs.filter(({ origin }) => origin.startsWith('https:')).map(({ name }) => name)
  const limits = [route.rateLimit, ...route.legs.map(({ rateLimit }) => rateLimit)]
  return [
    ...(secure.length > 0 ? [`https is left out: ${secure.join(', ')} is spoken to in plain HTTP`] : []),
    ...(limits.some(limit => limit?.scope === 'Global')
      ? ['limits of scope Global count for this process alone']
      : []),
  ]
}

/** A few requests one after another are all shown; of many, the slowest and one that failed. */
const waterfallsOf = ({ load }: Simulation, { first, slowest, failed, watchedUntil }: SimulationResult) => {
  const of = (why: string, { startedAt, ...record }: RequestRecord): Waterfall => {
    const ends = [record.answer?.atMs, ...record.tries.map(({ endMs }) => endMs)]
    const untilMs = Math.max(...ends.map(end => end ?? roundMs(watchedUntil - startedAt)))
    return { why, untilMs, ...record }
  }
  if (load.kind === 'sequence' && load.requests <= maxShown)
    return first.map(record => of(load.requests === 1 ? '' : `request ${record.number}`, record))
  const isOne = slowest !== undefined && slowest === failed
  return [
    ...(slowest ? [of(isOne ? 'the slowest request, which failed' : 'the slowest request', slowest)] : []),
    ...(failed && !isOne ? [of(`a request that ${endings[failed.answer!.outcome]}`, failed)] : []),
  ]
}

const endings = {
  success: 'succeeded',
  partial: 'succeeded in part',
  failed: 'failed',
  rejected: 'was rejected',
} as const
