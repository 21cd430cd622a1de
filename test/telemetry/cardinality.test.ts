import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorTokens } from '../../src/core/errors.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { parseExposition, sampleValue } from './parse-exposition.ts'

const build = { version: '0', revision: '', node: '26' }

describe('the number of series', () => {
  it('is bounded whatever methods, statuses and errors occur', async () => {
    const metrics = new Metrics({ build, runtime: 'off', maxSeries: 300 })
    const route = metrics.route('a/b')
    const leg = metrics.leg('a/b', 'c', 'Required')
    let requests = 0
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('GET', 'POST', 'constructor', '__proto__', 'get')),
        fc.integer({ min: -10, max: 100_000 }),
        fc.constantFrom('success', 'failed', 'partial', 'rejected'),
        fc.constantFrom('', ...errorTokens),
        (method, status, outcome, error) => {
          route.started()
          route.ended(method, status, outcome, 1)
          leg.started()
          leg.ended(status % 1000, error, 1)
          requests += 1
        },
      ),
      { numRuns: 3000 },
    )
    const samples = parseExposition(await metrics.render('text'), 'text')
    const counters = samples.filter(({ name }) => name.endsWith('requests_total'))
    expect(counters.length).toBeLessThanOrEqual(302)
    expect(sampleValue(samples, 'fanout_series_dropped_total')).toBeGreaterThan(0)
    const methods = new Set(counters.map(({ labels }) => labels['method']).filter(Boolean))
    expect([...methods].every(method => /^(GET|POST|_OTHER|other)$/.test(method!))).toBe(true)
    const total = (name: string) =>
      samples.filter(sample => sample.name === name).reduce((sum, { value }) => sum + value, 0)
    // Bounded, and yet nothing is lost.
    expect(total('fanout_requests_total')).toBe(requests)
    expect(total('fanout_upstream_requests_total')).toBe(requests)
  })

  it('leaves room again when routes go', async () => {
    const metrics = new Metrics({ build, runtime: 'off', maxSeries: 40 })
    for (let index = 0; index < 40; index += 1) metrics.route(`a/${index}`)
    const late = metrics.route('a/late')
    late.started()
    late.ended('GET', 200, 'success', 1)
    let samples = parseExposition(await metrics.render('text'), 'text')
    expect(sampleValue(samples, 'fanout_requests_total', { route: 'other' })).toBe(1)
    metrics.retain([{ id: 'a/late' }])
    await metrics.render('text')
    late.started()
    late.ended('GET', 200, 'success', 1)
    samples = parseExposition(await metrics.render('text'), 'text')
    expect(sampleValue(samples, 'fanout_requests_total', { route: 'a/late' })).toBe(1)
  })

  it('does not grow over many reloads with ever new routes', async () => {
    const metrics = new Metrics({ build, runtime: 'off', maxSeries: 100 })
    for (let reload = 0; reload < 500; reload += 1) {
      const id = `a/${reload}`
      const route = metrics.route(id)
      metrics.leg(id, 'c', 'Required')
      route.started()
      route.ended('GET', 200, 'success', 1)
      metrics.retain([{ id, legs: [{ name: 'c', role: 'Required' }] }])
    }
    const samples = parseExposition(await metrics.render('text'), 'text')
    expect(sampleValue(samples, 'fanout_series_dropped_total')).toBe(0)
    expect(metrics.total().requests).toBe(500)
  })
})
