import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compose, type Outcome } from '../../src/core/call.ts'
import { type RelayError, relayError } from '../../src/core/errors.ts'
import { TimerList } from '../../src/core/timer-list.ts'
import { hedge } from '../../src/policies/hedge.ts'
import { retry } from '../../src/policies/retry.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { CountingBudget } from './support/counting-budget.ts'
import { CountingObserver, legContext, legRequest, settled } from './support/legs.ts'
import { type Step, scriptedCall } from './support/scripted-call.ts'

const stepMs = 10

const end: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ status: fc.constantFrom(200, 404, 500, 503), hung: fc.boolean() }),
  fc.record({ token: fc.constantFrom('connection_refused', 'connection_terminated', 'circuit_open') }),
)
const script = fc.array(
  fc.tuple(end, fc.nat(40)).map(([step, steps]) => ({ ...step, afterMs: steps * stepMs })),
  { minLength: 1, maxLength: 8 },
)

interface Settings {
  readonly maxParallel: number
  readonly delayMs: number
  readonly minPerSecond: number
  /** When the leg is stopped. */
  readonly stopAfterMs: number
}

const settings: fc.Arbitrary<Settings> = fc.record({
  maxParallel: fc.integer({ min: 2, max: 4 }),
  delayMs: fc.constantFrom(10, 50, 150),
  minPerSecond: fc.nat(6),
  stopAfterMs: fc.oneof(
    fc.constant(Number.POSITIVE_INFINITY),
    fc.nat(60).map(steps => steps * stepMs),
  ),
})

const prepare = (steps: readonly Step[], { delayMs, maxParallel, minPerSecond }: Settings) => {
  const clock = new FakeClock()
  const observer = new CountingObserver()
  const budget = new CountingBudget({ percent: 0, minPerSecond, now: clock.now })
  const keyHeader = 'idempotency-key'
  const delay = new TimerList(clock, delayMs)
  const hedged = hedge({ delay, maxParallel, keyHeader, budget, clock, observer })
  return { clock, observer, budget, keyHeader, hedged, ...scriptedCall(clock, steps) }
}

type Prepared = ReturnType<typeof prepare>

/** Sends one request, stops it when it is time to, and waits until nothing is left of it. */
const play = async (
  { clock, hedged, call, tries, budget }: Prepared,
  { stopAfterMs }: Settings,
  policies = [hedged],
) => {
  const stopAt = clock.now() + stopAfterMs
  let stopped: RelayError | undefined
  let outcome: Outcome | undefined
  const context = legContext()
  compose(policies, call)(legRequest(), context).then(result => {
    outcome = result
  })
  await settled()
  while (!outcome) {
    clock.advance(stepMs)
    if (!stopped && clock.now() >= stopAt) {
      stopped = relayError('deadline_exceeded', 'too late')
      context.running?.cancel(stopped)
    }
    await settled()
  }
  const bookedAtEnd = budget.booked
  const triesAtEnd = tries.length
  clock.advance(10_000)
  await settled()
  expect([budget.booked, tries.length, clock.armed]).toEqual([bookedAtEnd, triesAtEnd, 0])
  expect(context.attempts).toBe(tries.length)
  const returned = outcome.kind === 'response' ? outcome.response : undefined
  for (const { response, over } of tries) {
    expect(over).toBe(true)
    if (response && response !== returned) expect(response.ended).toBeDefined()
  }
  return { outcome, stopped }
}

it('a hedged call keeps its bounds and returns the first answer below 500', async () => {
  await fc.assert(
    fc.asyncProperty(script, settings, async (steps, options) => {
      const prepared = prepare(steps, options)
      const { outcome, stopped } = await play(prepared, options)
      const { tries, budget, observer } = prepared
      expect(tries.length).toBeLessThanOrEqual(options.maxParallel)
      expect([budget.booked, observer.hedges]).toEqual([tries.length - 1, tries.length - 1])
      if (stopped) return
      const endings = tries.map(({ at }, i) => {
        const step = steps[Math.min(i, steps.length - 1)]!
        return { at: at + (step.afterMs ?? 0), good: step.status !== undefined && step.status < 500 }
      })
      const isGood = outcome.kind === 'response' && outcome.response.status < 500
      expect(isGood).toBe(endings.some(({ good }) => good))
      if (!isGood) return
      const firstGood = Math.min(...endings.filter(({ good }) => good).map(({ at }) => at))
      const winner = tries.findIndex(({ response }) => response === outcome.response)
      expect(endings[winner]!.at).toBe(firstGood)
    }),
    { numRuns: 150 },
  )
})

it('a hedged call that is retried makes at most (1 + attempts) x maxParallel tries, all of them paid', async () => {
  await fc.assert(
    fc.asyncProperty(script, settings, fc.integer({ min: 1, max: 3 }), async (steps, options, attempts) => {
      const prepared = prepare(steps, options)
      const { clock, keyHeader, budget, observer, hedged, tries } = prepared
      const retried = retry({
        ...{ attempts, backoffMs: 50, maxBackoffMs: 200, codes: [500, 503], on: ['ConnectFailure', 'Reset'] },
        ...{ retryAfterMaxMs: 0, nonIdempotent: false, keyHeader, budget, clock, observer },
        wallClock: () => 0,
        random: () => 0.5,
      })
      const { stopped } = await play(prepared, options, [retried, hedged])
      expect(tries.length).toBeLessThanOrEqual((1 + attempts) * options.maxParallel)
      expect(observer.retries.length + observer.hedges).toBe(tries.length - 1)
      // A retry is paid before its wait, so one that is stopped while it waits has been paid and not made.
      expect(budget.booked - (tries.length - 1)).toBeLessThanOrEqual(stopped ? 1 : 0)
      expect(budget.booked).toBeGreaterThanOrEqual(tries.length - 1)
    }),
    { numRuns: 100 },
  )
})
