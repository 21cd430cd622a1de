import { describe, expect, it } from 'vitest'
import type { LegSummary } from '../../src/core/observer.ts'
import { FailureRing } from '../../src/telemetry/failure-ring.ts'
import { createAccessLog } from '../../src/telemetry/logs/access-log.ts'
import { createLogs } from '../../src/telemetry/logs/logger.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { createObserver } from '../../src/telemetry/observer.ts'
import { FakeClock } from '../support/fake-clock.ts'

const failed = (overrides: Partial<LegSummary> = {}): LegSummary => ({
  name: 'crm',
  role: 'Optional',
  outcome: 'failure',
  status: 0,
  error: 'connection_refused',
  detail: 'connect ECONNREFUSED',
  durationMs: 3,
  attempts: 1,
  ...overrides,
})

const create = (mode: 'off' | 'all') => {
  const writes: string[] = []
  const logs = createLogs({ format: 'json', sink: { write: text => writes.push(text) } })
  const metrics = new Metrics({ build: { version: '0', revision: '', node: '26' }, runtime: 'off' })
  const failures = new FailureRing({ capacity: 3, now: () => 1_700_000_000_000 })
  const accessLog = createAccessLog(logs.accessLogger, mode)
  const clock = new FakeClock()
  const { logger } = logs
  const observer = createObserver({ metrics, logger, failures, accessLog, tracing: undefined, clock })
  const lines = () => {
    logs.flush()
    return writes
      .join('')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  }
  return { observer, metrics, failures, writes, clock, lines }
}

describe('the observer', () => {
  it('has neither access log nor tracing when they are off', () => {
    const { observer } = create('off')
    expect(observer).not.toHaveProperty('accessLog')
    expect(observer).not.toHaveProperty('tracing')
    expect(create('all').observer.accessLog).toBeDefined()
  })

  it('hands out the same handles again', () => {
    const { observer } = create('off')
    expect(observer.route('a/b')).toBe(observer.route('a/b'))
    expect(observer.leg('a/b', 'c', 'Required')).toBe(observer.leg('a/b', 'c', 'Required'))
  })

  it('counts a defect and logs it with its stack at once', async () => {
    const { observer, metrics, writes } = create('off')
    observer.defect(new TypeError('undefined is not a function'), 'req-9')
    expect(await metrics.render('text')).toContain('fanout_defects_total 1\n')
    expect(JSON.parse(writes.join(''))).toMatchObject({
      level: 'error',
      requestId: 'req-9',
      err: { type: 'TypeError', stack: expect.stringContaining('observer.test.ts') },
    })
  })

  it('keeps the last failed legs, newest first', () => {
    const { observer, failures } = create('off')
    for (const id of ['1', '2', '3', '4', '5']) observer.failed?.(id, 'a/b', failed())
    expect(failures.list().map(({ requestId }) => requestId)).toEqual(['5', '4', '3'])
    expect(failures.list()[0]).toEqual({
      timeMs: 1_700_000_000_000,
      requestId: '5',
      route: 'a/b',
      upstream: 'crm',
      role: 'Optional',
      status: 0,
      error: 'connection_refused',
      detail: 'connect ECONNREFUSED',
      durationMs: 3,
      attempts: 1,
    })
  })

  it('bounds what it keeps of a failure', () => {
    const { observer, failures } = create('off')
    observer.failed?.('x'.repeat(10_000), 'a/b', failed({ detail: 'y'.repeat(10_000) }))
    expect(JSON.stringify(failures.list()).length).toBeLessThan(1000)
  })
})

describe('log lines of policies', () => {
  it('are one for each change of a breaker, a warning when it opens', () => {
    const { observer, lines } = create('off')
    const leg = observer.leg('shop/orders', 'crm', 'Optional')
    for (const state of ['closed', 'open', 'open', 'half_open', 'closed', 'closed'] as const)
      leg.breaker(state)
    const whose = { route: 'shop/orders', upstream: 'crm' }
    expect(lines()).toMatchObject([
      { level: 'warn', ...whose, state: 'open', msg: 'circuit breaker opened' },
      { level: 'info', ...whose, state: 'half_open', msg: 'circuit breaker half open' },
      { level: 'info', ...whose, state: 'closed', msg: 'circuit breaker closed' },
    ])
    expect(lines()).toHaveLength(3)
  })

  it('are one an outage of the store of a shared limit, for each leg and route', () => {
    const { observer, lines, clock } = create('off')
    const leg = observer.leg('shop/orders', 'crm', 'Optional')
    for (let second = 0; second < 600; second += 1) {
      leg.limitFellBack()
      clock.advance(1000)
    }
    expect(lines()).toMatchObject([
      { level: 'warn', route: 'shop/orders', upstream: 'crm', msg: expect.stringContaining('out of reach') },
    ])
    observer.leg('shop/orders', 'inventory', 'Required').limitFellBack()
    observer.route('shop/orders').limitFellBack()
    expect(lines().map(({ upstream }) => upstream)).toEqual(['crm', 'inventory', undefined])
    clock.advance(60_000)
    leg.limitFellBack()
    expect(lines()).toHaveLength(4)
  })

  it('are none for retries, hedges and refusals', () => {
    const { observer, lines } = create('off')
    const leg = observer.leg('shop/orders', 'crm', 'Optional')
    leg.retried('http_status')
    leg.retriesExhausted()
    leg.budgetSpent()
    leg.hedged()
    leg.rateLimited()
    leg.refused('circuit_open')
    leg.queued(1)
    observer.route('shop/orders').rateLimited()
    observer.route('shop/orders').idempotency('stored')
    expect(lines()).toEqual([])
  })
})
