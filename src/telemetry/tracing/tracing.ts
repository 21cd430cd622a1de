import {
  type Context,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ErrorToken } from '../../core/errors.ts'
import type {
  AttemptStart,
  LegSpan,
  RequestDetails,
  RequestSpan,
  RouteOutcome,
  Tracing,
} from '../../core/observer.ts'
import { methodNumber, otherMethod } from '../metrics/label-values.ts'
import { headerListGetter, headerListSetter } from './carrier.ts'

/**
 * Spans through the OpenTelemetry API. `undefined` without an SDK (one is loaded with `node --import`, before
 * this is called): then the relay passes traceparent and tracestate on untouched. An SDK's own propagator
 * decides which headers carry the trace; an invalid traceparent starts a new one.
 */
export function createTracing(version: string): Tracing | undefined {
  if (!sdkIsRegistered()) return undefined
  const tracer = trace.getTracer('fanout-relay', version)
  return {
    fields: propagation.fields().map(field => field.toLowerCase()),
    request: (method, route, headers, path) => {
      const parent = propagation.extract(ROOT_CONTEXT, headers, headerListGetter)
      return new ServerSpan(tracer, parent, method, route, path)
    },
  }
}

/** Before an SDK is set, the global provider is a proxy for one that does nothing. */
function sdkIsRegistered(): boolean {
  const provider = trace.getTracerProvider()
  return (
    !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
  )
}

class ServerSpan implements RequestSpan {
  readonly traceparent: string
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #context: Context
  readonly #route: string
  #ended = false

  constructor(tracer: Tracer, parent: Context, method: string, route: string, path: string | undefined) {
    this.#tracer = tracer
    this.#route = route
    this.#span = tracer.startSpan(
      route === '' ? spanMethod(method) : `${spanMethod(method)} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          ...methodAttributes(method),
          ...(path === undefined ? {} : { 'url.path': path }),
          ...(route === '' ? {} : { 'http.route': route, 'fanout.route': route }),
        },
      },
      parent,
    )
    this.#context = trace.setSpan(parent, this.#span)
    const { traceId, spanId, traceFlags } = this.#span.spanContext()
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  }

  attempt({ upstream, role, method, number, server }: AttemptStart): LegSpan {
    const span = this.#tracer.startSpan(
      spanMethod(method),
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...methodAttributes(method),
          'fanout.route': this.#route,
          'fanout.upstream': upstream,
          'fanout.role': role,
          ...(number > 1 ? { 'http.request.resend_count': number - 1 } : {}),
          ...(server ? { 'server.address': server.address, 'server.port': server.port } : {}),
        },
      },
      this.#context,
    )
    return new ClientSpan(span, trace.setSpan(this.#context, span))
  }

  end(status: number, outcome: RouteOutcome, details?: RequestDetails): void {
    if (this.#ended) return
    this.#ended = true
    const span = this.#span
    span.setAttribute('fanout.outcome', outcome)
    if (details) span.setAttribute('fanout.strategy', details.strategy)
    if (details?.replayed) span.setAttribute('fanout.replayed', true)
    if (status === 0 || outcome === 'cancelled') span.setAttribute('error.type', 'client_cancelled')
    if (status !== 0) span.setAttribute('http.response.status_code', status)
    // Semantic conventions for HTTP: 4xx is no error of a server.
    if (status >= 500) {
      span.setAttribute('error.type', String(status))
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  }
}

class ClientSpan implements LegSpan {
  readonly headers: readonly string[]
  readonly #span: Span
  #ended = false

  constructor(span: Span, context: Context) {
    this.#span = span
    const headers: string[] = []
    propagation.inject(context, headers, headerListSetter)
    this.headers = headers
  }

  end(status: number, error: ErrorToken | ''): void {
    if (this.#ended) return
    this.#ended = true
    const span = this.#span
    if (status !== 0) span.setAttribute('http.response.status_code', status)
    if (error !== '') {
      span.setAttribute('error.type', error)
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  }
}

const isKnownMethod = (method: string): boolean => (methodNumber[method] ?? otherMethod) !== otherMethod

/** Semantic conventions for HTTP: span names take `HTTP` for a method that is not well known. */
const spanMethod = (method: string): string => (isKnownMethod(method) ? method : 'HTTP')

const methodAttributes = (method: string): Record<string, string> =>
  isKnownMethod(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': '_OTHER', 'http.request.method_original': method.slice(0, 32) }
