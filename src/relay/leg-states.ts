export interface LegLimits {
  /** Requests a leg may have in flight; with one request a connection this bounds its sockets as well. */
  readonly maxAwaitedInFlight: number
  /** Outstanding copies: a hung shadow costs this many sockets and bodies, then copies are dropped. */
  readonly maxShadowsInFlight: number
}

/** What a leg carries from one table to the next, so that a reload resets nothing. */
export interface LegState {
  inFlight: number
  readonly maxInFlight: number
}

/** Keyed by route and upstream. What no table uses is forgotten. */
export class LegStates {
  #states = new Map<string, LegState>()
  readonly #limits: LegLimits

  constructor({ maxAwaitedInFlight = 4096, maxShadowsInFlight = 256 }: Partial<LegLimits> = {}) {
    this.#limits = { maxAwaitedInFlight, maxShadowsInFlight }
  }

  get(route: string, leg: string, awaited: boolean): LegState {
    const key = `${route}/${leg}/${awaited}`
    let state = this.#states.get(key)
    if (!state) {
      const { maxAwaitedInFlight, maxShadowsInFlight } = this.#limits
      state = { inFlight: 0, maxInFlight: awaited ? maxAwaitedInFlight : maxShadowsInFlight }
      this.#states.set(key, state)
    }
    return state
  }

  /** Called with the states that the new table uses. */
  retain(used: ReadonlySet<LegState>): void {
    this.#states = new Map([...this.#states].filter(([, state]) => used.has(state)))
  }
}
