import fc from 'fast-check'
import { expect, test } from 'vitest'
import { relayError } from '../../src/core/errors.ts'
import { rateLimit } from '../../src/policies/rate-limit.ts'
import { TokenBucket } from '../../src/policies/token-bucket.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aContext, aRequest, brief, policyObserver } from './support/manual-upstream.ts'

const settings = fc.record({
  requests: fc.integer({ min: 1, max: 5 }),
  intervalMs: fc.constantFrom(10, 100),
  burst: fc.integer({ min: 1, max: 4 }),
})

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 60 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      withinMs: fc.constantFrom(0, 40, Number.POSITIVE_INFINITY),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick: fc.nat() }) },
)

test('whatever is sent and cancelled: in order, within the limit and the deadline, and nothing is left over', () =>
  fc.assert(
    fc.asyncProperty(settings, fc.array(step, { maxLength: 60 }), async (given, steps) => {
      const clock = new FakeClock()
      const observer = policyObserver()
      const sent: { number: number; at: number }[] = []
      const limited = rateLimit({
        limit: new TokenBucket({ ...given, now: clock.now }),
        onLimit: 'Wait',
        clock,
        observer,
      })(async request => {
        sent.push({ number: Number(request.path), at: clock.now() })
        return { kind: 'failure', error: relayError('http_status', 'sent') }
      })
      const tries: { context: ReturnType<typeof aContext>; answer: ReturnType<typeof limited> }[] = []
      for (const action of steps) {
        if (action.do === 'wait') clock.advance(action.ms)
        else if (action.do === 'send') {
          const context = aContext(clock.now() + action.withinMs)
          tries.push({ context, answer: limited(aRequest(String(tries.length)), context) })
        } else {
          const waiting = tries.filter(({ context }) => context.running)
          waiting[action.pick % waiting.length]?.context.running?.cancel(relayError('client_cancelled', ''))
        }
      }
      clock.advance(1_000_000)
      const outcomes = (await Promise.all(tries.map(({ answer }) => answer))).map(brief)
      expect(sent.map(({ number }) => number)).toEqual(
        outcomes.flatMap((outcome, i) => (outcome === 'http_status' ? [i] : [])),
      )
      // A timer of whole milliseconds may be up to one late.
      for (const { number, at } of sent) expect(at).toBeLessThan(tries[number]!.context.deadline + 1)
      for (let i = 0; i < sent.length; i++)
        for (let j = i; j < sent.length; j++) {
          const allowed = given.burst + ((sent[j]!.at + 1 - sent[i]!.at) * given.requests) / given.intervalMs
          expect(j - i + 1).toBeLessThanOrEqual(allowed)
        }
      expect(clock.armed).toBe(0)
      expect(observer.waiting.now).toBe(0)
      expect(observer.events.filter(event => event.startsWith('refused'))).toHaveLength(
        outcomes.filter(outcome => outcome !== 'http_status').length,
      )
    }),
    { numRuns: 200 },
  ))
