import { describe, expect, it } from 'vitest'
import { errorTokens } from '../../src/core/errors.ts'
import { idempotencyResults } from '../../src/core/observer.ts'
import { Metrics, type MetricsOptions } from '../../src/telemetry/metrics/metrics.ts'
import { parseExposition, sampleValue } from './parse-exposition.ts'

const build = { version: '0.1.0', revision: 'abc', node: '26.10.0' }
const create = (options: Partial<MetricsOptions> = {}) => new Metrics({ build, runtime: 'off', ...options })
const scrape = async (metrics: Metrics) => parseExposition(await metrics.render('text'), 'text')

const whose = { route: 'shop/orders', upstream: 'crm' }
const legOf = (metrics: Metrics) => metrics.leg(whose.route, whose.upstream, 'Optional')

const withLeg = (circuitBreaker?: object) => [
  { id: 'shop/orders', legs: [{ name: 'crm', role: 'Optional', circuitBreaker } as const] },
]

const policyFamily =
  /^fanout_(upstream_(retries|hedges|queued)|retry_budget|circuit_breaker|rate_limit|idempotency)/

describe('a leg without policies', () => {
  it('has no series of any', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    metrics.route('shop/orders')
    leg.started()
    leg.ended(200, '', 1)
    metrics.retain(withLeg())
    expect((await scrape(metrics)).filter(({ name }) => policyFamily.test(name))).toEqual([])
  })
})

describe('a refused try', () => {
  it('counts as a request that got no answer, and neither as in flight nor with a duration', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    leg.refused('circuit_open')
    leg.refused('circuit_open')
    leg.refused('connection_limit_reached')
    const samples = await scrape(metrics)
    const count = (error: string) =>
      sampleValue(samples, 'fanout_upstream_requests_total', { ...whose, role: 'Optional', code: '', error })
    expect([count('circuit_open'), count('connection_limit_reached')]).toEqual([2, 1])
    expect(sampleValue(samples, 'fanout_upstream_in_flight', whose)).toBe(0)
    expect(sampleValue(samples, 'fanout_upstream_request_duration_seconds_count', whose)).toBe(0)
    expect(metrics.legFigures('shop/orders', 'crm', 'Optional')).toMatchObject({
      requests: 3,
      failures: 3,
      inFlight: 0,
      byError: { circuit_open: 2 },
    })
  })

  it('keeps every error of the vocabulary apart from every other', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    for (const error of errorTokens) leg.refused(error)
    const samples = await scrape(metrics)
    for (const error of errorTokens) {
      expect(sampleValue(samples, 'fanout_upstream_requests_total', { code: '', error }), error).toBe(1)
    }
    expect(Object.keys(metrics.legFigures('shop/orders', 'crm', 'Optional')!.byError)).toHaveLength(
      errorTokens.length,
    )
  })
})

describe('counters of policies', () => {
  it('count by route and upstream, retries by error as well', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    leg.retried('http_status')
    leg.retried('http_status')
    leg.retried('connection_terminated')
    leg.retriesExhausted()
    leg.budgetSpent()
    leg.hedged()
    leg.rateLimited()
    leg.limitFellBack()
    const samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_upstream_retries_total', { ...whose, error: 'http_status' })).toBe(2)
    expect(
      sampleValue(samples, 'fanout_upstream_retries_total', { ...whose, error: 'connection_terminated' }),
    ).toBe(1)
    for (const name of [
      'fanout_upstream_retries_exhausted_total',
      'fanout_retry_budget_exhausted_total',
      'fanout_upstream_hedges_total',
      'fanout_rate_limited_total',
      'fanout_rate_limit_fallbacks_total',
    ]) {
      expect(sampleValue(samples, name, whose), name).toBe(1)
    }
  })

  it('of the limit of a route have an empty upstream', async () => {
    const metrics = create()
    const route = metrics.route('shop/orders')
    legOf(metrics).rateLimited()
    route.rateLimited()
    route.rateLimited()
    route.limitFellBack()
    const samples = await scrape(metrics)
    const own = { route: 'shop/orders', upstream: '' }
    expect(sampleValue(samples, 'fanout_rate_limited_total', own)).toBe(2)
    expect(sampleValue(samples, 'fanout_rate_limited_total', whose)).toBe(1)
    expect(sampleValue(samples, 'fanout_rate_limit_fallbacks_total', own)).toBe(1)
  })

  it('of idempotency keys count by result', async () => {
    const metrics = create()
    const route = metrics.route('shop/orders')
    for (const result of idempotencyResults) route.idempotency(result)
    route.idempotency('replayed')
    const samples = await scrape(metrics)
    const count = (result: string) =>
      sampleValue(samples, 'fanout_idempotency_total', { route: 'shop/orders', result })
    expect(idempotencyResults.map(count)).toEqual([1, 2, 1, 1, 1, 1])
  })
})

describe('the state of a breaker', () => {
  const states = async (metrics: Metrics) => {
    const samples = await scrape(metrics)
    return ['closed', 'open', 'half_open'].map(state =>
      sampleValue(samples, 'fanout_circuit_breaker_state', { ...whose, state }),
    )
  }
  const transitions = async (metrics: Metrics) =>
    (await scrape(metrics))
      .filter(({ name }) => name === 'fanout_circuit_breaker_transitions_total')
      .map(({ labels, value }) => [labels['to'], value])

  it('is 1 for the one it is in and 0 for the others', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    expect(await states(metrics)).toEqual([undefined, undefined, undefined])
    leg.breaker('closed')
    expect(await states(metrics)).toEqual([1, 0, 0])
    leg.breaker('open')
    expect(await states(metrics)).toEqual([0, 1, 0])
    leg.breaker('half_open')
    expect(await states(metrics)).toEqual([0, 0, 1])
  })

  it('counts a transition where it changes, and none where it is reported again', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    leg.breaker('closed')
    expect(await transitions(metrics)).toEqual([])
    for (const state of ['open', 'open', 'half_open', 'open', 'half_open', 'closed'] as const) {
      leg.breaker(state)
    }
    expect(await transitions(metrics)).toEqual([
      ['open', 2],
      ['half_open', 2],
      ['closed', 1],
    ])
  })

  it('goes with the breaker, though requests of the table before still report', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    leg.breaker('open')
    metrics.retain(withLeg({}))
    expect(await states(metrics)).toEqual([0, 1, 0])
    metrics.leg('shop/orders', 'crm', 'Optional')
    metrics.retain(withLeg())
    leg.breaker('half_open')
    expect(await states(metrics)).toEqual([undefined, undefined, undefined])
    expect(metrics.legFigures('shop/orders', 'crm', 'Optional')?.breaker).toBeNull()
    metrics.leg('shop/orders', 'crm', 'Optional').breaker('closed')
    metrics.retain(withLeg({}))
    expect(await states(metrics)).toEqual([1, 0, 0])
  })

  it('is left out where it does not fit under the limit of series, and still shown live', async () => {
    const probe = create()
    legOf(probe)
    const used = (await probe.render('text')).match(/^fanout_(?!.*_(bucket|sum)\b).*$/gm)!.length
    const fits = create({ maxSeries: used + 3 })
    legOf(fits).breaker('open')
    expect(await states(fits)).toEqual([0, 1, 0])
    const metrics = create({ maxSeries: used + 2 })
    legOf(metrics).breaker('open')
    const samples = await scrape(metrics)
    expect(samples.filter(({ name }) => name === 'fanout_circuit_breaker_state')).toEqual([])
    expect(sampleValue(samples, 'fanout_circuit_breaker_transitions_total', { to: 'open' })).toBe(1)
    expect(metrics.legFigures('shop/orders', 'crm', 'Optional')?.breaker).toBe('open')
  })
})

describe('waiting tries', () => {
  const queued = async (metrics: Metrics) =>
    sampleValue(await scrape(metrics), 'fanout_upstream_queued', whose)

  it('are a gauge that falls back to zero', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    leg.queued(1)
    leg.queued(1)
    expect(await queued(metrics)).toBe(2)
    leg.queued(-1)
    leg.queued(-1)
    expect(await queued(metrics)).toBe(0)
  })

  it('keep the series of a leg that went until the last of them has gone', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    leg.queued(1)
    metrics.retain([])
    await scrape(metrics)
    expect(await queued(metrics)).toBe(1)
    leg.queued(-1)
    expect(await queued(metrics)).toBe(0)
    expect(await queued(metrics)).toBeUndefined()
  })

  it('leave under other what they entered under other, though room was made meanwhile', async () => {
    const metrics = create({ maxSeries: 0 })
    const leg = legOf(metrics)
    leg.queued(1)
    leg.queued(-1)
    const samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_upstream_queued', { route: 'other' })).toBe(0)

    const filled = create({ maxSeries: 40 })
    for (let index = 0; index < 40; index += 1) filled.route(`a/${index}`)
    const late = legOf(filled)
    late.queued(1)
    filled.retain(withLeg())
    await scrape(filled)
    late.queued(-1)
    const after = (await scrape(filled)).filter(({ name }) => name === 'fanout_upstream_queued')
    expect(after.map(({ labels, value }) => [labels['route'], value])).toEqual([['other', 0]])
  })
})

describe('handles of policies', () => {
  it('share their series with the same leg in another role, until both have gone', async () => {
    const metrics = create()
    const awaited = legOf(metrics)
    const shadow = metrics.leg('shop/orders', 'crm', 'Shadow')
    awaited.retried('http_status')
    shadow.retried('http_status')
    awaited.breaker('closed')
    shadow.breaker('open')
    const shadowOnly = [
      { id: 'shop/orders', legs: [{ name: 'crm', role: 'Shadow', circuitBreaker: {} } as const] },
    ]
    metrics.retain(shadowOnly)
    await scrape(metrics)
    let samples = await scrape(metrics)
    expect(sampleValue(samples, 'fanout_upstream_retries_total', whose)).toBe(2)
    expect(sampleValue(samples, 'fanout_circuit_breaker_state', { ...whose, state: 'open' })).toBe(1)
    metrics.retain([])
    await scrape(metrics)
    samples = await scrape(metrics)
    expect(samples.filter(({ labels }) => labels['upstream'] === 'crm')).toEqual([])
  })

  it('disturb no other series when they are called after their release', async () => {
    const metrics = create()
    const leg = legOf(metrics)
    const route = metrics.route('shop/orders')
    const tellAll = () => {
      leg.refused('circuit_open')
      leg.retried('http_status')
      leg.retriesExhausted()
      leg.budgetSpent()
      leg.hedged()
      leg.rateLimited()
      leg.limitFellBack()
      leg.queued(1)
      leg.queued(-1)
      leg.breaker('open')
      route.rateLimited()
      route.limitFellBack()
      route.idempotency('stored')
    }
    tellAll()
    metrics.retain([])
    await scrape(metrics)
    const next = metrics.leg('a/next', 'x', 'Required')
    next.breaker('closed')
    next.hedged()
    tellAll()
    const samples = (await scrape(metrics)).filter(({ labels }) => 'route' in labels)
    expect(samples.filter(({ labels }) => labels['route'] === 'shop/orders')).toEqual([])
    expect(sampleValue(samples, 'fanout_upstream_hedges_total', { route: 'a/next' })).toBe(1)
    expect(sampleValue(samples, 'fanout_circuit_breaker_state', { route: 'a/next', state: 'closed' })).toBe(1)
  })

  it('are bounded in number, and nothing of the counters is lost', async () => {
    const metrics = create({ maxSeries: 60 })
    for (let index = 0; index < 100; index += 1) {
      const leg = metrics.leg(`a/${index}`, 'x', 'Required')
      leg.retried('http_status')
      leg.retried('dns_error')
      leg.breaker('open')
      metrics.route(`a/${index}`).idempotency('stored')
    }
    const samples = await scrape(metrics)
    const series = samples.filter(({ name }) => !/_(bucket|sum)$/.test(name))
    // One `other` a family.
    expect(series.length).toBeLessThan(60 + 15)
    const total = (name: string) =>
      samples.filter(sample => sample.name === name).reduce((sum, { value }) => sum + value, 0)
    expect(total('fanout_upstream_retries_total')).toBe(200)
    expect(total('fanout_circuit_breaker_transitions_total')).toBe(100)
    expect(total('fanout_idempotency_total')).toBe(100)
  })
})

describe('live figures of policies', () => {
  it('are those of the counters', () => {
    const metrics = create()
    const leg = legOf(metrics)
    const figures = () => metrics.legFigures('shop/orders', 'crm', 'Optional')
    expect(figures()).toMatchObject({ breaker: null, retries: 0, hedges: 0, rateLimited: 0, queued: 0 })
    leg.retried('http_status')
    leg.retried('dns_error')
    leg.hedged()
    leg.rateLimited()
    leg.queued(1)
    leg.breaker('closed')
    expect(figures()).toMatchObject({ breaker: 'closed', retries: 2, hedges: 1, rateLimited: 1, queued: 1 })
  })
})
