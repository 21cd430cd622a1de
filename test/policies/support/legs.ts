import type { CallContext, LegRequest } from '../../../src/core/call.ts'
import type { ErrorToken } from '../../../src/core/errors.ts'
import type { FakeClock } from '../../support/fake-clock.ts'

export const legRequest = (overrides: Partial<LegRequest> = {}): LegRequest => ({
  method: 'GET',
  path: '/',
  headers: [],
  body: null,
  ...overrides,
})

export const legContext = (overrides: Partial<CallContext> = {}): CallContext => ({
  running: undefined,
  cancelled: undefined,
  attempts: 0,
  deadline: Number.POSITIVE_INFINITY,
  trace: undefined,
  ...overrides,
})

/** Counts what retry and hedge report. */
export class CountingObserver {
  readonly retries: ErrorToken[] = []
  exhausted = 0
  spent = 0
  hedges = 0

  retried(error: ErrorToken): void {
    this.retries.push(error)
  }

  retriesExhausted(): void {
    this.exhausted++
  }

  budgetSpent(): void {
    this.spent++
  }

  hedged(): void {
    this.hedges++
  }
}

/** Lets every promise that can go on do so. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Turns the clock in steps, with room between them for what each timer set off. */
export const elapse = async (clock: FakeClock, ms: number, stepMs = ms): Promise<void> => {
  await settled()
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed))
    await settled()
  }
}
