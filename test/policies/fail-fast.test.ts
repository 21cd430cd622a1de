import { expect, test } from 'vitest'
import { Breaker } from '../../src/policies/breaker.ts'
import { failFast } from '../../src/policies/fail-fast.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aContext, aRequest, manualUpstream, policyObserver } from './support/manual-upstream.ts'

const start = () => {
  const clock = new FakeClock()
  const observer = policyObserver()
  const { call, sent } = manualUpstream()
  const settings = { consecutiveFailures: 1, failurePercent: 0, minimumRequests: 1, windowMs: 1000 }
  const breaker = new Breaker(
    { ...settings, openMs: 5000, halfOpenRequests: 1 },
    { now: clock.now, onState: () => {} },
  )
  const guarded = failFast({ breaker, observer })(call)
  return { clock, observer, breaker, sent, send: () => guarded(aRequest(), aContext()) }
}

test('passes the call itself on while the circuit is closed', async () => {
  const { observer, send, sent } = start()
  const answer = send()
  sent[0]!.head(200)
  expect(await answer).toEqual({ kind: 'response', response: sent[0] })
  expect(sent[0]!.listeners).toBe(0)
  expect(observer.events).toEqual([])
})

test('refuses at once while it is open', async () => {
  const { breaker, observer, send, sent } = start()
  breaker.failed(breaker.admit())
  expect(await send()).toMatchObject({ error: { token: 'circuit_open', unsent: true, retryAfterMs: 5000 } })
  expect(sent).toEqual([])
  expect(observer.events).toEqual(['refused circuit_open'])
})

test('passes when a probe is due, takes no place, and refuses while the probe is out', async () => {
  const { clock, breaker, send, sent } = start()
  breaker.failed(breaker.admit())
  clock.advance(5000)
  void send()
  void send()
  expect(sent).toHaveLength(2)
  const probe = breaker.admit()
  expect(probe).not.toBe(0)
  expect(await send()).toMatchObject({ error: { token: 'circuit_open' } })
})
