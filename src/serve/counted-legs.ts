import { type LegState, LegStates } from '../relay/leg-states.ts'

/** The same states, and how many legs are under way over all of them. */
export class CountedLegs extends LegStates {
  /** Those in use, and those a reload has let go that still have legs. */
  readonly #isAwaited = new Map<LegState, boolean>()

  override get(route: string, leg: string, awaited: boolean): LegState {
    const state = super.get(route, leg, awaited)
    this.#isAwaited.set(state, awaited)
    return state
  }

  override retain(used: ReadonlySet<LegState>): void {
    super.retain(used)
    for (const state of this.#isAwaited.keys())
      if (!used.has(state) && state.inFlight === 0) this.#isAwaited.delete(state)
  }

  get awaited(): number {
    return this.#count(true)
  }

  get copies(): number {
    return this.#count(false)
  }

  #count(wanted: boolean): number {
    let count = 0
    for (const [{ inFlight }, awaited] of this.#isAwaited) if (awaited === wanted) count += inFlight
    return count
  }
}
