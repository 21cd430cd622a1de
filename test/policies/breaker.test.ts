import { describe, expect, test } from 'vitest'
import { Breaker, type BreakerSettings } from '../../src/policies/breaker.ts'
import { FakeClock } from '../support/fake-clock.ts'

const start = (settings: Partial<BreakerSettings> = {}) => {
  const clock = new FakeClock()
  const states: string[] = []
  const breaker = new Breaker(
    {
      consecutiveFailures: 3,
      failurePercent: 0,
      minimumRequests: 20,
      windowMs: 10_000,
      openMs: 30_000,
      halfOpenRequests: 1,
      ...settings,
    },
    { now: clock.now, onState: state => states.push(state) },
  )
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) breaker.failed(breaker.admit())
  }
  const succeed = (times: number) => {
    for (let i = 0; i < times; i++) breaker.succeeded(breaker.admit())
  }
  return { clock, states, breaker, fail, succeed }
}

describe('a closed breaker', () => {
  test('opens at so many failures in a row', () => {
    const { breaker, states, fail } = start()
    fail(2)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
    expect(breaker.refuses()).toBe(true)
    expect(breaker.admit()).toBe(0)
    expect(states).toEqual(['open'])
  })

  test('counts failures in a row from the last success', () => {
    const { breaker, fail, succeed } = start()
    fail(2)
    succeed(1)
    fail(2)
    expect(breaker.state).toBe('closed')
  })

  test('is not moved by what was cancelled', () => {
    const { breaker, fail } = start()
    fail(2)
    breaker.cancelled(breaker.admit())
    fail(1)
    expect(breaker.state).toBe('open')
  })

  test('opens at a share of failures once there were enough requests', () => {
    const { breaker, fail, succeed } = start({
      consecutiveFailures: 0,
      failurePercent: 50,
      minimumRequests: 10,
    })
    fail(4)
    succeed(5)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
  })

  test('stays closed below that share', () => {
    const { breaker, fail, succeed } = start({
      consecutiveFailures: 0,
      failurePercent: 50,
      minimumRequests: 10,
    })
    succeed(51)
    fail(50)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
  })

  test('forgets failures older than the window', () => {
    const { clock, breaker, fail } = start({
      consecutiveFailures: 0,
      failurePercent: 50,
      minimumRequests: 10,
    })
    fail(9)
    clock.advance(10_000)
    fail(1)
    expect(breaker.state).toBe('closed')
    clock.advance(8_999)
    fail(9)
    expect(breaker.state).toBe('open')
  })

  test('with neither rule never opens', () => {
    const { breaker, fail } = start({ consecutiveFailures: 0, failurePercent: 0 })
    fail(1000)
    expect(breaker.state).toBe('closed')
  })

  test('lets no more errors through than the threshold and what was in flight', () => {
    const { breaker } = start({ consecutiveFailures: 5 })
    const inFlight = Array.from({ length: 8 }, () => breaker.admit())
    let errors = 0
    while (inFlight.length > 0) {
      breaker.failed(inFlight.shift()!)
      errors++
      const ticket = breaker.admit()
      if (ticket !== 0) inFlight.push(ticket)
    }
    expect(errors).toBe(4 + 8)
  })
})

describe('an open breaker', () => {
  test('says when probes are let through', () => {
    const { clock, breaker, fail } = start()
    expect(breaker.retryAfterMs()).toBe(0)
    fail(3)
    clock.advance(10_000)
    expect(breaker.retryAfterMs()).toBe(20_000)
  })

  test('becomes half open when its time is over and somebody asks', () => {
    const { clock, breaker, states, fail } = start()
    fail(3)
    clock.advance(29_999)
    expect(breaker.refuses()).toBe(true)
    clock.advance(1)
    expect(states).toEqual(['open'])
    expect(breaker.refuses()).toBe(false)
    expect(states).toEqual(['open', 'half_open'])
    expect(breaker.state).toBe('half_open')
  })

  test('ignores answers to what was sent before it opened', () => {
    const { clock, breaker, fail } = start()
    const [a, b, c] = [breaker.admit(), breaker.admit(), breaker.admit()]
    fail(3)
    breaker.failed(a)
    breaker.succeeded(b)
    clock.advance(30_000)
    expect(breaker.state).toBe('half_open')
    breaker.succeeded(c)
    expect(breaker.state).toBe('half_open')
    breaker.cancelled(a)
    breaker.failed(b)
    expect(breaker.state).toBe('half_open')
    expect(breaker.admit()).not.toBe(0)
    expect(breaker.admit()).toBe(0)
  })
})

describe('a half-open breaker', () => {
  const halfOpen = (halfOpenRequests: number) => {
    const started = start({ halfOpenRequests })
    started.fail(3)
    started.clock.advance(30_000)
    return started
  }

  test('lets exactly as many probes through, and as many successes close it', () => {
    const { breaker, states } = halfOpen(3)
    const probes = [breaker.admit(), breaker.admit(), breaker.admit()]
    expect(breaker.admit()).toBe(0)
    expect(breaker.refuses()).toBe(true)
    expect(breaker.retryAfterMs()).toBe(0)
    breaker.succeeded(probes[0]!)
    breaker.succeeded(probes[1]!)
    expect(breaker.admit()).toBe(0)
    expect(breaker.state).toBe('half_open')
    breaker.succeeded(probes[2]!)
    expect(states).toEqual(['open', 'half_open', 'closed'])
    expect(breaker.admit()).not.toBe(0)
  })

  test('opens again at one failure, for as long as before, and ignores the other probes', () => {
    const { clock, breaker } = halfOpen(2)
    const [a, b] = [breaker.admit(), breaker.admit()]
    breaker.failed(a)
    expect(breaker.state).toBe('open')
    expect(breaker.retryAfterMs()).toBe(30_000)
    breaker.succeeded(b)
    clock.advance(30_000)
    breaker.succeeded(b)
    expect(breaker.state).toBe('half_open')
  })

  test('gives the place of a cancelled probe to another', () => {
    const { breaker } = halfOpen(1)
    const probe = breaker.admit()
    expect(breaker.isProbe(probe)).toBe(true)
    breaker.cancelled(probe)
    expect(breaker.refuses()).toBe(false)
    breaker.succeeded(breaker.admit())
    expect(breaker.state).toBe('closed')
  })

  test('that closes begins anew: old failures do not count', () => {
    const { breaker, fail } = halfOpen(1)
    breaker.succeeded(breaker.admit())
    fail(2)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
  })

  test('that closes has an empty window', () => {
    const started = start({ consecutiveFailures: 0, failurePercent: 50, minimumRequests: 4, openMs: 100 })
    const { clock, breaker, fail, succeed } = started
    fail(4)
    clock.advance(100)
    succeed(1)
    expect(breaker.state).toBe('closed')
    fail(3)
    expect(breaker.state).toBe('closed')
  })

  test('counts the successes of this time only', () => {
    const { clock, breaker } = halfOpen(2)
    const [a, b] = [breaker.admit(), breaker.admit()]
    breaker.succeeded(a)
    breaker.failed(b)
    clock.advance(30_000)
    breaker.succeeded(breaker.admit())
    expect(breaker.state).toBe('half_open')
  })
})

test('a retired breaker goes on deciding, and tells nobody of its state', () => {
  const { breaker, states, fail } = start()
  breaker.retire()
  fail(3)
  expect(breaker.state).toBe('open')
  expect(states).toEqual([])
})

test('a probe of which nothing is heard for as long as the circuit stays open is sent anew', () => {
  const { breaker, clock, fail } = start()
  fail(3)
  clock.advance(30_000)
  const lost = breaker.admit()
  expect(breaker.admit()).toBe(0)
  clock.advance(29_999)
  expect(breaker.refuses()).toBe(true)
  clock.advance(1)
  const next = breaker.admit()
  expect(next).not.toBe(0)
  breaker.failed(lost)
  expect(breaker.state).toBe('half_open')
})
