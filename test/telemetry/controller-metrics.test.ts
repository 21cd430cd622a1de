import { beforeEach, describe, expect, it } from 'vitest'
import { ControllerMetrics } from '../../src/telemetry/metrics/controller-metrics.ts'
import { parseExposition, sampleValue } from './parse-exposition.ts'

describe('metrics of the controller', () => {
  let metrics: ControllerMetrics
  const value = async (name: string, labels?: Record<string, string>) =>
    sampleValue(parseExposition(await metrics.render('openmetrics'), 'openmetrics'), name, labels)

  beforeEach(() => {
    metrics = new ControllerMetrics({ build: { version: '1', revision: '', node: '26' }, runtime: 'off' })
  })

  it('begin at zero, so that rates see the first of each', async () => {
    for (const result of ['success', 'conflict', 'error'])
      expect(await value('fanout_controller_reconcile_total', { result })).toBe(0)
    expect(await value('fanout_controller_leader')).toBe(0)
    expect(await value('fanout_controller_status_writes_total')).toBe(0)
  })

  it('count what is told', async () => {
    metrics.leading(true)
    metrics.reconciled('success', 20)
    metrics.reconciled('success', 30)
    metrics.statusWritten()
    metrics.event('dropped')
    metrics.request('injected', 'opted_in')
    metrics.request('injected', 'opted_in')
    metrics.certificateExpiresAt(5_000)
    expect(await value('fanout_controller_leader')).toBe(1)
    expect(await value('fanout_controller_reconcile_total', { result: 'success' })).toBe(2)
    expect(await value('fanout_controller_reconcile_duration_seconds_count', { result: 'success' })).toBe(2)
    expect(await value('fanout_controller_status_writes_total')).toBe(1)
    expect(await value('fanout_controller_events_total', { result: 'dropped' })).toBe(1)
    expect(await value('fanout_injector_requests_total', { result: 'injected', reason: 'opted_in' })).toBe(2)
    expect(await value('fanout_injector_certificate_expiry_timestamp_seconds')).toBe(5)
  })

  it('have figures of a namespace until it is forgotten', async () => {
    const counts = { current: 2, outdated: 1, unreachable: 0, pending: 0 }
    metrics.relays('shop', counts)
    metrics.relays('shop', { ...counts, current: 3 })
    metrics.uninjectedPods('shop', 4)
    metrics.uninjectedPods('shop', 5)
    expect(await value('fanout_relays', { namespace: 'shop', state: 'current' })).toBe(3)
    expect(await value('fanout_uninjected_pods', { namespace: 'shop' })).toBe(5)
    metrics.forget('shop')
    expect(await metrics.render('text')).not.toContain('shop')
    metrics.uninjectedPods('shop', 1)
    expect(await value('fanout_uninjected_pods', { namespace: 'shop' })).toBe(1)
  })
})
