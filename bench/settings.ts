/** How much is measured. `quick` proves that everything still runs; its figures mean little. */
export interface Settings {
  readonly rounds: number
  readonly connections: number
  /** Turns of each contender inside one round: short turns spread a neighbour's noise over all of them. */
  readonly turns: number
  readonly warmup: number
  readonly turnWarmup: number
  readonly turnRequests: number
  readonly turnMaxMs: number
  readonly latencyMs: number
  readonly uploads: number
  readonly slowShadowMs: number
  readonly heldRequests: number
  readonly starts: number
  readonly quick: boolean
}

export const full: Settings = {
  rounds: 5,
  connections: 64,
  turns: 4,
  warmup: 6000,
  turnWarmup: 400,
  turnRequests: 5000,
  turnMaxMs: 1500,
  latencyMs: 2000,
  uploads: 12,
  slowShadowMs: 6000,
  heldRequests: 2000,
  starts: 7,
  quick: false,
}

export const quick: Settings = {
  rounds: 1,
  connections: 16,
  turns: 1,
  warmup: 50,
  turnWarmup: 50,
  turnRequests: 300,
  turnMaxMs: 500,
  latencyMs: 200,
  uploads: 2,
  slowShadowMs: 400,
  heldRequests: 300,
  starts: 1,
  quick: true,
}
