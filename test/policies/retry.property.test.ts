import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Outcome } from '../../src/core/call.ts'
import { relayError } from '../../src/core/errors.ts'
import { retry } from '../../src/policies/retry.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { CountingBudget } from './support/counting-budget.ts'
import { CountingObserver, legContext, legRequest, settled } from './support/legs.ts'
import { type Step, scriptedCall } from './support/scripted-call.ts'

const stepMs = 10

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(200, 404, 429, 500, 502, 503).map(status => ({ status })) },
  fc.constantFrom('0', '1', '99999', 'x').map(value => ({ status: 503, headers: ['Retry-After', value] })),
  fc.constant({ status: 503, hung: true }),
  {
    weight: 3,
    arbitrary: fc.record({
      token: fc.constantFrom(
        ...([
          'connection_refused',
          'connection_terminated',
          'http_response_timeout',
          'circuit_open',
        ] as const),
      ),
      unsent: fc.boolean(),
    }),
  },
)

const script = fc.array(
  fc
    .tuple(step, fc.integer({ min: 0, max: 40 }))
    .map(([end, steps]) => ({ ...end, afterMs: steps * stepMs })),
  { minLength: 1, maxLength: 8 },
)

const settings = fc.record({
  attempts: fc.integer({ min: 1, max: 5 }),
  backoffMs: fc.constantFrom(0, 10, 50, 100),
  maxBackoffMs: fc.constantFrom(100, 500),
  codes: fc.subarray([429, 500, 502, 503]),
  on: fc.subarray(['ConnectFailure', 'Reset', 'Timeout'] as const),
  retryAfterMaxMs: fc.constantFrom(0, 200, 5000),
  nonIdempotent: fc.boolean(),
})

const budgets = fc.record({ percent: fc.constantFrom(0, 20, 100), minPerSecond: fc.nat(4) })
const requests = fc.record({ method: fc.constantFrom('GET', 'POST'), keyed: fc.boolean() })

it('keeps its bounds whatever happens to the tries', async () => {
  const deadlines = fc.constantFrom(Number.POSITIVE_INFINITY, 50, 300, 1000)
  const randoms = fc.double({ min: 0, max: 0.999, noNaN: true })
  await fc.assert(
    fc.asyncProperty(
      script,
      settings,
      budgets,
      requests,
      deadlines,
      randoms,
      async (steps, options, rule, shape, deadlineMs, random) => {
        const clock = new FakeClock()
        const observer = new CountingObserver()
        const budget = new CountingBudget({ ...rule, now: clock.now })
        const { call, tries } = scriptedCall(clock, steps)
        const keyHeader = 'idempotency-key'
        const wallClock = () => 0
        const policy = retry({
          ...options,
          ...{ keyHeader, budget, clock, wallClock, random: () => random, observer },
        })
        const begin = clock.now()
        const context = legContext({ deadline: begin + deadlineMs })
        const request = legRequest({ method: shape.method, headers: shape.keyed ? [keyHeader, 'k'] : [] })

        let outcome: Outcome | undefined
        let endedAt = Number.NaN
        policy(call)(request, context).then(result => {
          outcome = result
          endedAt = clock.now()
        })
        await settled()
        while (!outcome) {
          clock.advance(stepMs)
          if (clock.now() >= context.deadline)
            context.running?.cancel(relayError('deadline_exceeded', 'too late'))
          await settled()
        }

        expect(tries.length).toBeLessThanOrEqual(1 + options.attempts)
        expect(context.attempts).toBe(tries.length)
        expect(endedAt).toBeLessThanOrEqual(context.deadline)
        // A retry is paid before its wait, so one that is stopped while it waits has been paid and not made.
        const stopped = outcome.kind === 'failure' && outcome.error.token === 'deadline_exceeded'
        expect(budget.booked - (tries.length - 1)).toBeLessThanOrEqual(stopped ? 1 : 0)
        expect(budget.booked).toBeGreaterThanOrEqual(tries.length - 1)
        expect(observer.retries.length).toBe(tries.length - 1)
        const mayRepeat = shape.method === 'GET' || shape.keyed || options.nonIdempotent
        if (!mayRepeat)
          for (let i = 0; i < tries.length - 1; i++)
            expect(steps[Math.min(i, steps.length - 1)]!.unsent).toBe(true)
        const answers = tries.flatMap(({ response }) => response ?? [])
        const returned = outcome.kind === 'response' ? outcome.response : undefined
        for (const answer of answers) expect(answer.discardedTo).toBe(answer === returned ? undefined : 65536)
        clock.advance(1000)
        expect(clock.armed).toBe(0)
        for (const answer of answers) if (answer !== returned) expect(answer.ended).toBeDefined()
      },
    ),
    { numRuns: 150 },
  )
})
