import { planRoutes } from '../../src/plan/plan-routes.ts'
import type { ServedRoute } from '../../src/plan/types.ts'
import {
  always,
  type DelayRange,
  type Failure,
  type LegScript,
  type When,
} from '../../src/simulate/script.ts'
import { type Simulation, type SimulationResult, simulate } from '../../src/simulate/simulate.ts'
import { snapshotOf } from '../support/relay.ts'

/** The planned route of a spec, which must be valid. */
export const routeOf = (spec: object): ServedRoute => {
  const { plan, problems } = planRoutes(snapshotOf({ r: spec }))
  const [route] = plan.routes
  if (route?.kind !== 'served') throw new Error(JSON.stringify(problems))
  return route
}

export const delayed = (ms: number, when: When = always, toMs = ms): LegScript => ({
  delays: [{ what: { fromMs: ms, toMs } satisfies DelayRange, when }],
  failures: [],
})

/** Fails without delay. */
export const failing = (what: Failure, when: When = always): LegScript => ({
  ...delayed(1),
  failures: [{ what, when }],
})

export const down: Failure = { kind: 'status', status: 503 }

type Given = Partial<Omit<Simulation, 'route' | 'scripts'>>

export const simulationOf = (
  spec: object,
  scripts: Readonly<Record<string, LegScript>> = {},
  given: Given = {},
): Simulation => ({
  route: routeOf(spec),
  request: { method: 'GET', path: '/', host: 'localhost', headers: [], body: undefined },
  scripts: new Map(Object.entries(scripts)),
  seed: 1,
  load: { kind: 'sequence', requests: 1 },
  signal: new AbortController().signal,
  ...given,
})

export const run = (
  spec: object,
  scripts: Readonly<Record<string, LegScript>> = {},
  given: Given = {},
): Promise<SimulationResult> => simulate(simulationOf(spec, scripts, given))
