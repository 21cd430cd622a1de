import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

const exporter = new InMemorySpanExporter()

/** Loads an SDK as an operator would; returns what takes it away. */
export const installTracing = (): (() => void) => {
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return () => {
    trace.disable()
    context.disable()
    propagation.disable()
  }
}

/** Spans of the attempts of one leg in one trace that have ended, in the order of their starts. */
export const attemptSpans = (traceId: string, leg: string): readonly ReadableSpan[] =>
  exporter
    .getFinishedSpans()
    .filter(span => span.spanContext().traceId === traceId && span.attributes['fanout.upstream'] === leg)
    .sort((a, b) => resends(a) - resends(b))

const resends = ({ attributes }: ReadableSpan): number => Number(attributes['http.request.resend_count'] ?? 0)
