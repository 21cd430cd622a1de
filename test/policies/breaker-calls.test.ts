import { describe, expect, test } from 'vitest'
import type { ErrorToken } from '../../src/core/errors.ts'
import { Breaker } from '../../src/policies/breaker.ts'
import { circuitBreaker } from '../../src/policies/circuit-breaker.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  aContext,
  aRequest,
  brief,
  manualUpstream,
  policyObserver,
  settled,
} from './support/manual-upstream.ts'

const start = ({ consecutiveFailures = 1 } = {}) => {
  const clock = new FakeClock()
  const observer = policyObserver()
  const upstream = manualUpstream()
  const breaker = new Breaker(
    {
      consecutiveFailures,
      failurePercent: 0,
      minimumRequests: 1,
      windowMs: 1000,
      openMs: 5000,
      halfOpenRequests: 1,
    },
    { now: clock.now, onState: () => {} },
  )
  const call = circuitBreaker({ breaker, observer })(upstream.call)
  const send = () => call(aRequest(), aContext())
  const { sent } = upstream
  const openIt = async () => {
    const answer = send()
    sent.at(-1)!.answer(500)
    await answer
  }
  return { clock, observer, breaker, send, sent, openIt }
}

describe('circuitBreaker', () => {
  test('hands the answer on as it is and asks once for its end', async () => {
    const { breaker, observer, send, sent } = start()
    const answer = send()
    sent[0]!.head(200)
    expect(await answer).toEqual({ kind: 'response', response: sent[0] })
    expect(sent[0]!.listeners).toBe(1)
    sent[0]!.end()
    expect(breaker.state).toBe('closed')
    expect(observer.events).toEqual([])
  })

  test.each([500, 503, 599])('counts a status of %i as a failure at its head', async status => {
    const { breaker, send, sent } = start()
    const answer = send()
    sent[0]!.head(status)
    await answer
    expect(breaker.state).toBe('open')
    expect(sent[0]!.listeners).toBe(0)
  })

  test.each([200, 302, 404, 429])('counts a status of %i as a success once it was read', async status => {
    const { breaker, send, sent } = start({ consecutiveFailures: 2 })
    const failed = send()
    sent[0]!.fail('connection_refused')
    await failed
    const answer = send()
    sent[1]!.answer(status)
    await answer
    const again = send()
    sent[2]!.fail('connection_refused')
    await again
    expect(breaker.state).toBe('closed')
  })

  test('counts an answer that was cut as a failure, not its head as a success', async () => {
    const { breaker, send, sent } = start()
    const answer = send()
    sent[0]!.head(200)
    await answer
    expect(breaker.state).toBe('closed')
    sent[0]!.end('http_response_incomplete')
    expect(breaker.state).toBe('open')
  })

  const upstreams: ErrorToken[] = [
    'dns_error',
    'connection_refused',
    'connection_timeout',
    'connection_terminated',
    'tls_certificate_error',
    'http_response_timeout',
    'http_response_incomplete',
    'http_protocol_error',
    'deadline_exceeded',
  ]
  test.each(upstreams)('counts %s as a failure', async token => {
    const { breaker, send, sent } = start()
    const answer = send()
    sent[0]!.fail(token)
    expect(brief(await answer)).toBe(token)
    expect(breaker.state).toBe('open')
  })

  const others: ErrorToken[] = [
    'client_cancelled',
    'circuit_open',
    'rate_limited',
    'connection_limit_reached',
    'relay_internal',
  ]
  test.each(others)('%s tells nothing about the upstream', async token => {
    const { breaker, send, sent } = start()
    const answer = send()
    sent[0]!.fail(token)
    await answer
    const cut = send()
    sent[1]!.head(200)
    await cut
    sent[1]!.end(token)
    expect(breaker.state).toBe('closed')
  })

  test('refuses without sending, and says when to try again', async () => {
    const { clock, observer, send, sent, openIt } = start()
    await openIt()
    clock.advance(2000)
    expect(await send()).toEqual({
      kind: 'failure',
      error: { token: 'circuit_open', detail: expect.any(String), unsent: true, retryAfterMs: 3000 },
    })
    expect(sent).toHaveLength(1)
    expect(observer.events).toEqual(['refused circuit_open'])
  })

  test('refuses while the probe is out, without saying until when', async () => {
    const { clock, send, sent, openIt } = start()
    await openIt()
    clock.advance(5000)
    void send()
    const refused = await send()
    expect(sent).toHaveLength(2)
    expect(refused).toMatchObject({ error: { token: 'circuit_open' } })
    expect(refused).not.toHaveProperty('error.retryAfterMs')
  })

  test('closes at the head of the probe, and a cut body does not open it again', async () => {
    const { clock, breaker, send, sent, openIt } = start()
    await openIt()
    clock.advance(5000)
    const probe = send()
    sent[1]!.head(404)
    await probe
    expect(breaker.state).toBe('closed')
    sent[1]!.end('http_response_incomplete')
    expect(breaker.state).toBe('closed')
  })

  test('opens again when the probe fails', async () => {
    const { clock, breaker, openIt } = start()
    await openIt()
    clock.advance(5000)
    await openIt()
    expect(breaker.state).toBe('open')
  })

  test('sends another probe when the first was cancelled', async () => {
    const { clock, send, sent, openIt } = start()
    await openIt()
    clock.advance(5000)
    const probe = send()
    sent[1]!.fail('client_cancelled')
    await probe
    void send()
    expect(sent).toHaveLength(3)
  })

  test.each(['throws', 'rejects'])('a probe that %s as a defect gives its place back', async how => {
    const { clock, breaker, observer, openIt } = start()
    await openIt()
    clock.advance(5000)
    const broken = circuitBreaker({ breaker, observer })(() => {
      if (how === 'throws') throw new Error('defect')
      return Promise.reject(new Error('defect'))
    })
    await expect(broken(aRequest(), aContext())).rejects.toThrow('defect')
    await settled()
    expect(breaker.state).toBe('half_open')
    expect(breaker.refuses()).toBe(false)
  })
})
