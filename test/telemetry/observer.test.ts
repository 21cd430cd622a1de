import { describe, expect, it } from 'vitest'
import type { LegSummary } from '../../src/core/observer.ts'
import { FailureRing } from '../../src/telemetry/failure-ring.ts'
import { createAccessLog } from '../../src/telemetry/logs/access-log.ts'
import { createLogs } from '../../src/telemetry/logs/logger.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { createObserver } from '../../src/telemetry/observer.ts'

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
  const observer = createObserver({ metrics, logger: logs.logger, failures, accessLog, tracing: undefined })
  return { observer, metrics, failures, writes }
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
