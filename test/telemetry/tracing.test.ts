import { context, DiagLogLevel, diag, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it } from 'vitest'
import type { AttemptStart } from '../../src/core/observer.ts'
import { createTracing } from '../../src/telemetry/tracing/tracing.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`

const anAttempt: AttemptStart = { upstream: 'c', role: 'Required', method: 'GET', number: 1 }

const load = (sampler?: Sampler) => {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    ...(sampler ? { sampler } : {}),
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const tracing = createTracing('0.1.0')!
  const spans = async () => {
    await provider.forceFlush()
    return exporter.getFinishedSpans()
  }
  return { tracing, spans }
}

const headerOf = (headers: readonly string[], name: string): string | undefined =>
  headers[headers.indexOf(name) + 1]

afterEach(() => {
  trace.disable()
  context.disable()
  propagation.disable()
  diag.disable()
})

describe('tracing', () => {
  it('is absent without an SDK', () => {
    expect(createTracing('0.1.0')).toBeUndefined()
  })

  it('puts one SERVER span and one CLIENT span an attempt into the trace of the caller', async () => {
    const { tracing, spans } = load()
    const headers = ['Host', 'a', 'TraceParent', traceparent, 'tracestate', 'vendor=1']
    const request = tracing.request('POST', 'shop/orders', headers, '/orders/1')
    const inventory = { upstream: 'inventory', role: 'Required', method: 'PUT' } as const
    const first = request.attempt({
      ...inventory,
      number: 1,
      server: { address: 'inventory.shop', port: 8080 },
    })
    first.end(503, 'http_status')
    const second = request.attempt({ ...inventory, number: 2 })
    second.end(201, '')
    request.end(207, 'partial', { strategy: 'Any', replayed: true })

    const [failed, succeeded, server] = await spans()
    expect(server).toMatchObject({ name: 'POST shop/orders', kind: SpanKind.SERVER })
    expect(server!.attributes).toEqual({
      'http.request.method': 'POST',
      'url.path': '/orders/1',
      'http.route': 'shop/orders',
      'fanout.route': 'shop/orders',
      'fanout.outcome': 'partial',
      'fanout.strategy': 'Any',
      'fanout.replayed': true,
      'http.response.status_code': 207,
    })
    expect(server!.spanContext().traceId).toBe(traceId)
    expect(server!.parentSpanContext?.spanId).toBe('00f067aa0ba902b7')
    expect(failed).toMatchObject({
      name: 'PUT',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.ERROR },
      attributes: {
        'http.request.method': 'PUT',
        'http.response.status_code': 503,
        'error.type': 'http_status',
        'fanout.route': 'shop/orders',
        'fanout.upstream': 'inventory',
        'fanout.role': 'Required',
        'server.address': 'inventory.shop',
        'server.port': 8080,
      },
    })
    expect(failed!.attributes).not.toHaveProperty('http.request.resend_count')
    expect(succeeded!.attributes['http.request.resend_count']).toBe(1)
    expect(succeeded!.status.code).toBe(SpanStatusCode.UNSET)
    for (const span of [failed, succeeded]) {
      expect(span!.parentSpanContext?.spanId).toBe(server!.spanContext().spanId)
    }
    // What the upstream gets is the span of its own attempt, and the caller's tracestate.
    expect(headerOf(first.headers, 'traceparent')).toBe(`00-${traceId}-${failed!.spanContext().spanId}-01`)
    expect(headerOf(second.headers, 'traceparent')).toBe(
      `00-${traceId}-${succeeded!.spanContext().spanId}-01`,
    )
    expect(headerOf(first.headers, 'tracestate')).toBe('vendor=1')
    expect(request.traceparent).toBe(`00-${traceId}-${server!.spanContext().spanId}-01`)
    expect(tracing.fields).toEqual(['traceparent', 'tracestate'])
  })

  it.each([
    ['none', []],
    ['a malformed', ['traceparent', 'garbage']],
    ['an all-zero', ['traceparent', '00-00000000000000000000000000000000-00f067aa0ba902b7-01']],
    ['a repeated', ['traceparent', traceparent, 'traceparent', traceparent]],
  ])('starts a new trace for %s traceparent', async (_what, headers) => {
    const { tracing, spans } = load()
    const request = tracing.request('GET', 'a/b', [...headers, 'tracestate', 'vendor=1'])
    const leg = request.attempt(anAttempt)
    leg.end(200, '')
    request.end(200, 'success')
    const [, server] = await spans()
    expect(server!.parentSpanContext).toBeUndefined()
    expect(server!.spanContext().traceId).not.toBe(traceId)
    expect(leg.headers).toHaveLength(2)
    expect(headerOf(leg.headers, 'traceparent')).toContain(server!.spanContext().traceId)
  })

  it('counts re-sends from the second attempt on, whoever numbers them', async () => {
    const { tracing, spans } = load()
    const request = tracing.request('GET', 'a/b', [])
    for (const number of [1, 2, 4]) request.attempt({ ...anAttempt, number }).end(0, 'circuit_open')
    const attributes = (await spans()).map(span => span.attributes)
    expect(attributes.map(found => found['http.request.resend_count'])).toEqual([undefined, 1, 3])
    expect(attributes.map(found => found['error.type'])).toEqual(Array(3).fill('circuit_open'))
  })

  it('joins a tracestate that came in several headers', () => {
    const { tracing } = load()
    const headers = ['traceparent', traceparent, 'tracestate', 'a=1', 'Tracestate', 'b=2']
    const leg = tracing.request('GET', 'a/b', headers).attempt({ ...anAttempt, role: 'Shadow' })
    expect(headerOf(leg.headers, 'tracestate')).toBe('a=1,b=2')
  })

  it('ends every span exactly once', async () => {
    const complaints: string[] = []
    const complain = (message: string) => complaints.push(message)
    const logger = { error: complain, warn: complain, info: complain, debug: () => {}, verbose: () => {} }
    diag.setLogger(logger, DiagLogLevel.WARN)
    const { tracing, spans } = load()
    const request = tracing.request('GET', 'a/b', [])
    const leg = request.attempt({ ...anAttempt, role: 'Shadow' })
    request.end(200, 'success')
    request.end(500, 'failed')
    // A shadow goes on after the answer.
    leg.end(0, 'deadline_exceeded')
    leg.end(200, '')
    const ended = await spans()
    // The SDK ignores a second end, but says so.
    expect(complaints).toEqual([])
    expect(ended.map(({ kind }) => kind)).toEqual([SpanKind.SERVER, SpanKind.CLIENT])
    expect(ended[0]!.attributes['fanout.outcome']).toBe('success')
    expect(ended[1]!.attributes['error.type']).toBe('deadline_exceeded')
    expect(ended[1]!.attributes).not.toHaveProperty('http.response.status_code')
  })

  it('marks a 5xx answer as error and a caller that left as cancelled', async () => {
    const { tracing, spans } = load()
    tracing.request('GET', 'a/b', []).end(502, 'failed')
    tracing.request('GET', 'a/b', []).end(404, 'success')
    tracing.request('GET', 'a/b', []).end(0, 'failed')
    tracing.request('GET', 'a/b', []).end(200, 'cancelled')
    const [error, answered, left, leftLater] = await spans()
    expect(error).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': '502' },
    })
    expect(answered!.attributes).not.toHaveProperty('error.type')
    expect(left).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'error.type': 'client_cancelled' },
    })
    expect(leftLater!.attributes).toMatchObject({
      'error.type': 'client_cancelled',
      'http.response.status_code': 200,
      'fanout.outcome': 'cancelled',
    })
  })

  it('keeps names few: unmatched requests and unknown methods have none of their own', async () => {
    const { tracing, spans } = load()
    tracing.request('GET', '', []).end(404, 'unmatched')
    tracing.request('PROPFIND', 'a/b', []).end(200, 'success')
    const [unmatched, unknown] = await spans()
    expect(unmatched!.name).toBe('GET')
    expect(unmatched!.attributes).not.toHaveProperty('http.route')
    expect(unknown!.name).toBe('HTTP a/b')
    expect(unknown!.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    })
  })

  it('still passes the trace on when nothing is sampled', async () => {
    const { tracing, spans } = load(new AlwaysOffSampler())
    const request = tracing.request('GET', 'a/b', ['traceparent', traceparent])
    const leg = request.attempt(anAttempt)
    leg.end(200, '')
    request.end(200, 'success')
    expect(await spans()).toEqual([])
    expect(headerOf(leg.headers, 'traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
  })
})
