import { describe, expect, it } from 'vitest'
import { Metrics, type MetricsOptions } from '../../src/telemetry/metrics/metrics.ts'
import { parseExposition, sampleValue } from './parse-exposition.ts'

const build = { version: '0.1.0', revision: 'abc', node: '26.10.0' }
const create = (options: Partial<MetricsOptions> = {}) => new Metrics({ build, runtime: 'off', ...options })
const scrape = async (metrics: Metrics) => parseExposition(await metrics.render('text'), 'text')

describe('request series', () => {
  it('count by route, method, code and outcome and time by route and outcome', async () => {
    const metrics = create()
    const route = metrics.route('shop/orders')
    for (const [status, outcome, ms] of [
      [200, 'success', 4],
      [200, 'success', 30],
      [207, 'partial', 5000],
    ] as const) {
      route.started()
      route.ended('POST', status, outcome, ms)
    }
    const samples = await scrape(metrics)
    const requests = { route: 'shop/orders', method: 'POST' }
    expect(
      sampleValue(samples, 'fanout_requests_total', { ...requests, code: '200', outcome: 'success' }),
    ).toBe(2)
    expect(
      sampleValue(samples, 'fanout_requests_total', { ...requests, code: '207', outcome: 'partial' }),
    ).toBe(1)
    const seconds = (suffix: string, labels: object) =>
      sampleValue(samples, `fanout_request_duration_seconds_${suffix}`, { route: 'shop/orders', ...labels })
    expect(seconds('count', { outcome: 'success' })).toBe(2)
    expect(seconds('sum', { outcome: 'success' })).toBeCloseTo(0.034)
    expect(seconds('bucket', { outcome: 'success', le: '0.005' })).toBe(1)
    expect(seconds('bucket', { outcome: 'success', le: '0.05' })).toBe(2)
    expect(seconds('bucket', { outcome: 'partial', le: '2.5' })).toBe(0)
    expect(seconds('bucket', { outcome: 'partial', le: '5.0' })).toBe(1)
  })

  it('count unmatched requests under an empty route, and a caller that left under an empty code', async () => {
    const metrics = create()
    metrics.unmatched.started()
    metrics.unmatched.ended('GET', 0, 'unmatched', 1)
    const labels = { route: '', code: '', outcome: 'unmatched' }
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', labels)).toBe(1)
  })

  it('show what is in flight and fall back to zero', async () => {
    const metrics = create()
    const route = metrics.route('a/b')
    const leg = metrics.leg('a/b', 'c', 'Shadow')
    route.started()
    route.started()
    leg.started()
    let samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_requests_in_flight', { route: 'a/b' })).toBe(2)
    expect(sampleValue(samples, 'fanout_upstream_in_flight', { route: 'a/b', upstream: 'c' })).toBe(1)
    route.ended('GET', 200, 'success', 1)
    route.ended('GET', 200, 'success', 1)
    leg.ended(200, '', 1)
    samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_requests_in_flight', { route: 'a/b' })).toBe(0)
    expect(sampleValue(samples, 'fanout_upstream_in_flight', { route: 'a/b', upstream: 'c' })).toBe(0)
  })

  it('keep a NaN or negative duration out of the sum', async () => {
    const metrics = create()
    const leg = metrics.leg('a/b', 'c', 'Required')
    for (const ms of [Number.NaN, -5]) {
      leg.started()
      leg.ended(200, '', ms)
    }
    expect(sampleValue(await scrape(metrics), 'fanout_upstream_request_duration_seconds_sum')).toBe(0)
  })
})

describe('leg series', () => {
  it('count by role, code and error, with an empty code when there was no answer', async () => {
    const metrics = create()
    const leg = metrics.leg('a/b', 'crm', 'Optional')
    leg.started()
    leg.ended(503, 'http_status', 10)
    leg.started()
    leg.ended(0, 'connection_refused', 1)
    leg.skipped('lag')
    const samples = await scrape(metrics)
    const labels = { route: 'a/b', upstream: 'crm', role: 'Optional' }
    const count = (code: string, error: string) =>
      sampleValue(samples, 'fanout_upstream_requests_total', { ...labels, code, error })
    expect(count('503', 'http_status')).toBe(1)
    expect(count('', 'connection_refused')).toBe(1)
    expect(sampleValue(samples, 'fanout_upstream_skipped_total', { ...labels, reason: 'lag' })).toBe(1)
    expect(sampleValue(samples, 'fanout_upstream_request_duration_seconds_count', { upstream: 'crm' })).toBe(
      2,
    )
  })

  it('stay one exposition when a leg changes its role', async () => {
    const metrics = create()
    metrics.leg('a/b', 'crm', 'Required').started()
    metrics.leg('a/b', 'crm', 'Shadow').started()
    expect(sampleValue(await scrape(metrics), 'fanout_upstream_in_flight', { upstream: 'crm' })).toBe(2)
  })
})

describe('handles', () => {
  it('keep their counts while others are added', async () => {
    const metrics = create()
    const route = metrics.route('a/first')
    route.started()
    route.ended('GET', 200, 'success', 1)
    for (let index = 0; index < 2000; index += 1) metrics.leg('a/first', `leg-${index}`, 'Required')
    route.started()
    route.ended('GET', 200, 'success', 1)
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', { route: 'a/first' })).toBe(2)
  })

  it('leave a leg its series when the same leg in another role goes', async () => {
    const metrics = create()
    metrics.leg('a/b', 'crm', 'Required')
    const shadow = metrics.leg('a/b', 'crm', 'Shadow')
    metrics.retain([{ id: 'a/b', legs: [{ name: 'crm', role: 'Shadow' }] }])
    await scrape(metrics)
    shadow.started()
    const inFlight = { route: 'a/b', upstream: 'crm' }
    expect(sampleValue(await scrape(metrics), 'fanout_upstream_in_flight', inFlight)).toBe(1)
    shadow.ended(200, '', 1)
    metrics.retain([])
    await scrape(metrics)
    expect(sampleValue(await scrape(metrics), 'fanout_upstream_in_flight', inFlight)).toBeUndefined()
  })

  it('are the same for the same id', () => {
    const metrics = create()
    expect(metrics.route('a/b')).toBe(metrics.route('a/b'))
    expect(metrics.leg('a/b', 'c', 'Shadow')).toBe(metrics.leg('a/b', 'c', 'Shadow'))
    expect(metrics.leg('a/b', 'c', 'Shadow')).not.toBe(metrics.leg('a/b', 'c', 'Required'))
  })

  it('keep their counts over a reload that names them', async () => {
    const metrics = create()
    const route = metrics.route('a/b')
    route.started()
    route.ended('GET', 200, 'success', 1)
    metrics.retain([{ id: 'a/b' }])
    await scrape(metrics)
    expect(metrics.route('a/b')).toBe(route)
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', { route: 'a/b' })).toBe(1)
  })

  it('show the last values of a route that went once, then no more', async () => {
    const metrics = create()
    const route = metrics.route('a/b')
    metrics.leg('a/b', 'c', 'Required')
    route.started()
    route.ended('GET', 200, 'success', 1)
    metrics.retain([])
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', { route: 'a/b' })).toBe(1)
    expect((await scrape(metrics)).filter(({ labels }) => labels['route'] === 'a/b')).toEqual([])
    expect(metrics.total().requests).toBe(1)
  })

  it('are kept while a request of a route that went is in flight', async () => {
    const metrics = create()
    const route = metrics.route('a/b')
    route.started()
    metrics.retain([])
    metrics.retain([])
    await scrape(metrics)
    expect(sampleValue(await scrape(metrics), 'fanout_requests_in_flight', { route: 'a/b' })).toBe(1)
    route.ended('GET', 200, 'success', 1)
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', { route: 'a/b' })).toBe(1)
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', { route: 'a/b' })).toBeUndefined()
  })

  it('drop a leg that its route no longer has', async () => {
    const metrics = create()
    metrics.route('a/b')
    metrics.leg('a/b', 'old', 'Required')
    metrics.leg('a/b', 'new', 'Required')
    metrics.retain([{ id: 'a/b', legs: [{ name: 'new', role: 'Required' }] }])
    await scrape(metrics)
    const upstreams = (await scrape(metrics)).map(({ labels }) => labels['upstream']).filter(Boolean)
    expect(new Set(upstreams)).toEqual(new Set(['new']))
  })

  it('disturb no other series when they are called after their release', async () => {
    const metrics = create()
    const gone = metrics.route('a/gone')
    const goneLeg = metrics.leg('a/gone', 'x', 'Shadow')
    metrics.retain([])
    await scrape(metrics)
    metrics.route('a/next')
    metrics.leg('a/next', 'x', 'Shadow')
    for (let turn = 0; turn < 3; turn += 1) {
      gone.started()
      gone.ended('GET', 200, 'success', 1)
      goneLeg.started()
      goneLeg.ended(0, 'dns_error', 1)
      goneLeg.skipped('limit')
    }
    const samples = (await scrape(metrics)).filter(({ labels }) => 'route' in labels)
    expect(samples.filter(({ labels }) => labels['route'] === 'a/gone')).toEqual([])
    expect(samples.filter(({ value }) => value !== 0)).toEqual([])
  })

  it('start anew for a route that comes back', async () => {
    const metrics = create()
    metrics.route('a/b').started()
    metrics.route('a/b').ended('GET', 200, 'success', 1)
    metrics.retain([])
    await scrape(metrics)
    metrics.route('a/b').started()
    metrics.route('a/b').ended('GET', 200, 'success', 1)
    expect(sampleValue(await scrape(metrics), 'fanout_requests_total', { route: 'a/b' })).toBe(1)
  })
})

describe('process series', () => {
  it('count reloads and keep the time of the last whole success', async () => {
    const metrics = create()
    expect(sampleValue(await scrape(metrics), 'fanout_config_reloads_total', { result: 'rejected' })).toBe(0)
    expect(
      sampleValue(await scrape(metrics), 'fanout_config_last_reload_success_timestamp_seconds'),
    ).toBeUndefined()
    metrics.reloaded('success', 1_700_000_000_500)
    metrics.reloaded('partial', 1_800_000_000_000)
    const samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_config_reloads_total', { result: 'success' })).toBe(1)
    expect(sampleValue(samples, 'fanout_config_reloads_total', { result: 'partial' })).toBe(1)
    expect(sampleValue(samples, 'fanout_config_last_reload_success_timestamp_seconds')).toBe(1_700_000_000.5)
  })

  it('show routes by state, generations where they are known, and what is running', async () => {
    const metrics = create()
    metrics.routeStates({ active: 3, last_good: 1, broken: 0, overridden: 2 })
    metrics.retain([{ id: 'a/b', generation: 7 }, { id: 'a/file' }])
    metrics.retain([{ id: 'a/b', generation: 8 }, { id: 'a/file' }])
    metrics.defect()
    const samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_routes', { state: 'active' })).toBe(3)
    expect(sampleValue(samples, 'fanout_routes', { state: 'overridden' })).toBe(2)
    expect(sampleValue(samples, 'fanout_route_generation')).toBe(8)
    expect(sampleValue(samples, 'fanout_build_info', build)).toBe(1)
    expect(sampleValue(samples, 'fanout_defects_total')).toBe(1)
  })
})

describe('live figures', () => {
  it('sum a route by outcome and estimate its quantiles', () => {
    const metrics = create()
    const route = metrics.route('a/b')
    for (let request = 0; request < 100; request += 1) {
      route.started()
      route.ended(
        'GET',
        request < 90 ? 200 : 502,
        request < 90 ? 'success' : 'failed',
        request < 90 ? 20 : 800,
      )
    }
    const figures = metrics.routeFigures('a/b')!
    expect(figures).toMatchObject({
      requests: 100,
      inFlight: 0,
      byOutcome: { success: 90, failed: 10, partial: 0 },
    })
    expect(figures.latency.p50Ms).toBeGreaterThan(10)
    expect(figures.latency.p50Ms).toBeLessThanOrEqual(25)
    expect(figures.latency.p95Ms).toBeGreaterThan(500)
    expect(figures.latency.p95Ms).toBeLessThanOrEqual(1000)
    expect(metrics.routeFigures('a/unknown')).toBeUndefined()
  })

  it('sum a leg by error and reason', () => {
    const metrics = create()
    const leg = metrics.leg('a/b', 'c', 'Shadow')
    expect(metrics.legFigures('a/b', 'c', 'Shadow')?.latency).toEqual({ p50Ms: null, p95Ms: null })
    leg.started()
    leg.ended(500, 'http_status', 1)
    leg.started()
    leg.ended(502, 'http_status', 1)
    leg.started()
    leg.ended(200, '', 1)
    leg.started()
    leg.skipped('limit')
    expect(metrics.legFigures('a/b', 'c', 'Shadow')).toMatchObject({
      requests: 3,
      failures: 2,
      inFlight: 1,
      byError: { http_status: 2 },
      bySkipReason: { limit: 1 },
    })
  })
})
