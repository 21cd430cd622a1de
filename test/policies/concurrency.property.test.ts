import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallContext, Outcome } from '../../src/core/call.ts'
import { relayError } from '../../src/core/errors.ts'
import { concurrency } from '../../src/policies/concurrency.ts'
import { Semaphore } from '../../src/policies/semaphore.ts'
import {
  aContext,
  aRequest,
  brief,
  manualUpstream,
  policyObserver,
  settled,
} from './support/manual-upstream.ts'

const sizes = fc.record({ maxParallel: fc.integer({ min: 1, max: 3 }), maxPending: fc.nat({ max: 4 }) })

const step = fc.record({
  do: fc.constantFrom(
    'send',
    'send',
    'send',
    'head',
    'end',
    'cut',
    'fail',
    'throw',
    'cancel',
    'cancel',
    'rest',
  ),
  pick: fc.nat(),
})

test('however requests end, in whatever order: no slot is lost or given twice, and all are sent in order', () =>
  fc.assert(
    fc.asyncProperty(sizes, fc.array(step, { maxLength: 80 }), async ({ maxParallel, maxPending }, steps) => {
      const observer = policyObserver()
      const { call, sent } = manualUpstream()
      const semaphore = new Semaphore({ maxParallel, maxPending })
      const limited = concurrency({ semaphore, observer })(call)
      const tries: { context: CallContext; answer: Promise<Outcome | 'defect'> }[] = []
      const thrown = new Set<unknown>()
      for (const { do: action, pick } of steps) {
        const open = sent.filter(one => !one.isOver && !thrown.has(one))
        const one = open[pick % open.length]
        if (action === 'send') {
          const context = aContext()
          const answer = limited(aRequest(String(tries.length)), context).catch(() => 'defect' as const)
          tries.push({ context, answer })
        } else if (action === 'cancel') tries[pick % tries.length]?.context.running?.cancel(cancelled)
        else if (action === 'rest') await settled()
        else if (one?.status === 0) {
          if (action === 'head') one.head(200)
          else if (action === 'fail') one.fail('connection_refused')
          else if (action === 'throw') {
            thrown.add(one)
            one.throws(new Error('defect'))
          }
        } else if (action === 'end') one?.end()
        else if (action === 'cut') one?.end('http_response_incomplete')
        expect(semaphore.inUse).toBeLessThanOrEqual(maxParallel)
        expect(semaphore.pending).toBeLessThanOrEqual(maxPending)
        expect(observer.waiting.now).toBe(semaphore.pending)
        expect(sent.filter(({ isOver }) => !isOver).length - thrown.size).toBeLessThanOrEqual(semaphore.inUse)
      }
      for (let progress = -1; progress !== sent.length; ) {
        progress = sent.length
        for (const one of sent) if (!one.isOver && !thrown.has(one)) one.answer(200)
        await settled()
      }
      const outcomes = await Promise.all(tries.map(({ answer }) => answer))
      const told = outcomes.map(outcome => (outcome === 'defect' ? outcome : brief(outcome)))
      const numbers = sent.map(({ request }) => Number(request.path))
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      expect(observer.events).toHaveLength(tries.length - sent.length)
      expect(told.filter(outcome => outcome === 'connection_limit_reached')).toHaveLength(
        observer.events.filter(event => event === 'refused connection_limit_reached').length,
      )
      expect([semaphore.inUse, semaphore.pending, observer.waiting.now]).toEqual([0, 0, 0])
    }),
    { numRuns: 200 },
  ))

const cancelled = relayError('client_cancelled', 'left')
