import { spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { errorTokens } from '../../src/core/errors.ts'
import {
  breakerStates,
  idempotencyResults,
  type LegObserver,
  type RouteObserver,
} from '../../src/core/observer.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { negotiateFormat } from '../../src/telemetry/metrics/negotiate.ts'
import { hasTool } from '../support/tool.ts'
import { type ParsedSample, parseExposition, sampleValue } from './parse-exposition.ts'

const usePolicies = (route: RouteObserver, leg: LegObserver): void => {
  leg.refused('circuit_open')
  leg.staleConnection()
  leg.retriesExhausted()
  leg.budgetSpent()
  leg.hedged()
  leg.rateLimited()
  leg.queued(1)
  for (const state of breakerStates) leg.breaker(state)
  leg.limitFellBack()
  route.rateLimited()
  for (const result of idempotencyResults) route.idempotency(result)
}

const create = (): Metrics => {
  const metrics = new Metrics({ build: { version: '0.1.0', revision: 'a"b\\c\nd', node: '26.10.0' } })
  for (const id of ['shop/orders', 'shop/price']) {
    const route = metrics.route(id)
    route.started()
    route.ended('POST', 200, 'success', 12.3)
    for (const error of ['', ...errorTokens] as const) {
      const leg = metrics.leg(id, 'inventory', 'Required')
      leg.started()
      leg.ended(200, error, 0.1)
      leg.skipped('memory')
      if (error !== '') leg.retried(error)
    }
    usePolicies(route, metrics.leg(id, 'inventory', 'Required'))
  }
  metrics.unmatched.started()
  metrics.unmatched.ended('GET', 404, 'unmatched', 1)
  metrics.reloaded('success', 1_700_000_000_000)
  const legs = [{ name: 'inventory', role: 'Required', circuitBreaker: {} } as const]
  metrics.retain([{ id: 'shop/orders', generation: 1, legs }])
  return metrics
}

describe.each(['text', 'openmetrics'] as const)('the exposition as %s', format => {
  let samples: readonly ParsedSample[]
  let text: string
  beforeAll(async () => {
    text = await create().render(format)
    samples = parseExposition(text, format)
  })

  it('is valid and holds the series of the relay, of the process and of Node', () => {
    for (const name of [
      'fanout_requests_total',
      'fanout_request_duration_seconds_bucket',
      'fanout_upstream_requests_total',
      'fanout_upstream_stale_connections_total',
      'fanout_upstream_skipped_total',
      'fanout_upstream_retries_total',
      'fanout_upstream_retries_exhausted_total',
      'fanout_retry_budget_exhausted_total',
      'fanout_upstream_hedges_total',
      'fanout_circuit_breaker_state',
      'fanout_circuit_breaker_transitions_total',
      'fanout_rate_limited_total',
      'fanout_rate_limit_fallbacks_total',
      'fanout_upstream_queued',
      'fanout_idempotency_total',
      'fanout_config_last_reload_success_timestamp_seconds',
      'fanout_route_generation',
      'fanout_build_info',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_open_fds',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_heap_size_used_bytes',
    ]) {
      expect(
        samples.some(sample => sample.name === name),
        name,
      ).toBe(true)
    }
  })

  it('escapes label values', () => {
    expect(sampleValue(samples, 'fanout_build_info', { revision: 'a"b\\c\nd' })).toBe(1)
  })

  it('names the bounds of buckets the same in both formats', () => {
    const bounds = samples
      .filter(
        ({ name, labels }) => name === 'fanout_request_duration_seconds_bucket' && labels['route'] === '',
      )
      .map(({ labels }) => labels['le'])
    expect(bounds).toEqual('0.005 0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 +Inf'.split(' '))
  })

  // promtool reads the text format only.
  if (format !== 'text') return
  it.runIf(hasTool('promtool'))('passes promtool check metrics', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    })
    expect(stderr).not.toMatch(/error while linting/)
    expect(status).not.toBe(1)
  })
})

it('renders every series of 6,000 histograms', async () => {
  const metrics = new Metrics({ build: { version: '0', revision: '', node: '26' }, runtime: 'off' })
  for (let index = 0; index < 6000; index += 1) {
    const leg = metrics.leg(`shop/route-${index}`, 'inventory', 'Required')
    leg.started()
    leg.ended(200, '', index % 900)
  }
  const text = await metrics.render('text')
  expect(text.match(/^fanout_upstream_request_duration_seconds_count/gm)).toHaveLength(6000)
})

describe('the format', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['text/plain, application/openmetrics-text;version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2, text/plain;q=0.8', 'text'],
    // Prometheus 2.53 and 3.5.
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1',
      'openmetrics',
    ],
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7',
      'text',
    ],
    [';;q=,,', 'text'],
  ])('for Accept %s is %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format)
  })
})
