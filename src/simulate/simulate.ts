import type { ServedRoute } from '../plan/types.ts'
import { type Caller, createCaller, type SimulatedRequest } from './caller.ts'
import { startDataPath } from './data-path.ts'
import { drive, type Load, pause } from './load.ts'
import type { LegTally, RequestRecord } from './record.ts'
import { Recorder } from './recorder.ts'
import { redirected } from './redirect.ts'
import { roundMs } from './round-ms.ts'
import type { LegScript } from './script.ts'
import { type ScriptedLeg, startScriptedLeg } from './scripted-leg.ts'
import { type Latency, Totals } from './totals.ts'

export interface Simulation {
  readonly route: ServedRoute
  /** One that the route takes. */
  readonly request: SimulatedRequest
  /** By leg; a leg that is not among them answers 200 after the default delay. */
  readonly scripts: ReadonlyMap<string, LegScript>
  readonly seed: number
  readonly load: Load
  /** Ends the simulation early: what there is by then is the result. */
  readonly signal: AbortSignal
}

export interface SimulationResult {
  /** Requests that were answered, or given up by their caller. */
  readonly requests: number
  /** Sent, but without an answer when the simulation was ended. */
  readonly unanswered: number
  /** Due, but not sent: too many were under way. */
  readonly notSent: number
  readonly interrupted: boolean
  readonly elapsedMs: number
  readonly outcomes: Totals['byOutcome']
  /** Every request was sent and answered with `success`. */
  readonly isSuccess: boolean
  readonly latency: Latency | undefined
  /** In the order of the route. */
  readonly legs: readonly LegTally[]
  /** Requests that the route's own rate limit refused. */
  readonly rateLimited: number
  /** Requests sent to legs for each that a leg was given; `undefined` = none was given any. */
  readonly amplification: number | undefined
  /** The first requests, at most `maxShown`. */
  readonly first: readonly RequestRecord[]
  readonly slowest: RequestRecord | undefined
  /** One of those that went worst; `undefined` = all succeeded. */
  readonly failed: RequestRecord | undefined
  /** Instant of `performance.now()` up to which the simulation was watched. */
  readonly watchedUntil: number
  /** Throws inside the relay. */
  readonly defects: readonly unknown[]
}

/** Requests that are shown one by one. */
export const maxShown = 10

/**
 * Sends the load through the real data path to scripted legs on loopback. Time is real. Whatever was opened is
 * closed when this resolves.
 */
export const simulate = async (simulation: Simulation): Promise<SimulationResult> => {
  await warmUp(simulation)
  return run(simulation, new Totals(maxShown))
}

/** What is loaded and compiled with the first requests is no part of what a route costs. */
const warmUp = async (simulation: Simulation): Promise<void> => {
  const load: Load = { kind: 'sequence', requests: simulation.load.kind === 'rate' ? 50 : 5 }
  const signal = AbortSignal.any([simulation.signal, AbortSignal.timeout(warmUpMs)])
  const calm: LegScript = {
    delays: [{ what: { fromMs: 0, toMs: 0 }, when: { kind: 'always' } }],
    failures: [],
  }
  const scripts = new Map(simulation.route.legs.map(({ name }) => [name, calm]))
  await run({ ...simulation, scripts, load, signal }, new Totals(0))
}

const warmUpMs = 500

const run = async (simulation: Simulation, totals: Totals): Promise<SimulationResult> => {
  const { route, request, scripts, seed, load, signal } = simulation
  const recorder = new Recorder(() => performance.now())
  const legs = new Map<string, ScriptedLeg>()
  try {
    for (const { name } of route.legs) {
      const script = scripts.get(name) ?? { delays: [], failures: [] }
      const elapsedMs = () => recorder.elapsedMs()
      const onArrival: Recorder['arrived'] = (leg, tried) => recorder.arrived(leg, tried)
      legs.set(name, await startScriptedLeg({ name, script, seed, elapsedMs, onArrival }))
    }
    const origins = new Map([...legs].map(([name, { origin }]) => [name, origin]))
    const dataPath = await startDataPath(redirected(route, origins), recorder)
    const caller = createCaller(dataPath.port, request)
    try {
      const driven = await driveLoad({ caller, recorder, totals, load, signal })
      await lateLegs(dataPath.busy, signal)
      return conclude(simulation, recorder, totals, driven)
    } finally {
      caller.close()
      await dataPath.close()
    }
  } finally {
    await Promise.all([...legs.values()].map(leg => leg.close()))
  }
}

type Driven = Pick<SimulationResult, 'unanswered' | 'notSent' | 'interrupted' | 'elapsedMs'>

interface Drive {
  readonly caller: Caller
  readonly recorder: Recorder
  readonly totals: Totals
  readonly load: Load
  readonly signal: AbortSignal
}

const driveLoad = async ({ caller, recorder, totals, load, signal }: Drive): Promise<Driven> => {
  let unanswered = 0
  const hangUp = (): void => caller.close()
  signal.addEventListener('abort', hangUp)
  recorder.start()
  const notSent = await drive(
    load,
    async number => {
      const record = recorder.begin(number)
      const answer = await caller.send(number)
      if (signal.aborted) {
        unanswered++
        return totals.show(record)
      }
      recorder.answered(record, answer)
      totals.add(record, answer)
    },
    signal,
  )
  signal.removeEventListener('abort', hangUp)
  return { notSent, unanswered, interrupted: signal.aborted, elapsedMs: recorder.elapsedMs() }
}

/** Copies, and legs that nobody waits for any more, get this long after the last answer. */
const lateMs = 5_000

const lateLegs = async (busy: () => number, signal: AbortSignal): Promise<void> => {
  const until = performance.now() + lateMs
  while (busy() > 0 && performance.now() < until && !signal.aborted) await pause(5, signal)
}

const conclude = (
  { route, load }: Simulation,
  recorder: Recorder,
  totals: Totals,
  driven: Driven,
): SimulationResult => {
  const legs = route.legs.flatMap(({ name }) => recorder.tallies.get(name) ?? [])
  const offered = legs.reduce((sum, leg) => sum + leg.offered, 0)
  const sent = legs.reduce((sum, leg) => sum + leg.sent, 0)
  // A copy: what ends because everything is closed now is no part of the result.
  const seen = structuredClone({ legs, first: totals.first, slowest: totals.slowest, failed: totals.failed })
  return {
    ...driven,
    requests: totals.requests,
    outcomes: totals.byOutcome,
    isSuccess: totals.count('success') === load.requests && recorder.defects.length === 0,
    latency: totals.latency(),
    rateLimited: recorder.rateLimited,
    amplification: offered === 0 ? undefined : roundMs(sent / offered),
    ...seen,
    watchedUntil: performance.now(),
    defects: recorder.defects,
  }
}
