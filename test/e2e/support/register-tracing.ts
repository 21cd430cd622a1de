import { appendFileSync } from 'node:fs'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'

/* An OpenTelemetry SDK as an operator would load it, with --import; spans go to the file that TRACE_FILE names. */

/** One line of that file. */
export interface WrittenSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
}

const file = process.env['TRACE_FILE']

const exporter: SpanExporter = {
  export: (spans, done) => {
    for (const one of spans) {
      const { name, kind, attributes, parentSpanContext } = one
      const { traceId, spanId } = one.spanContext()
      const span: WrittenSpan = {
        name,
        kind,
        traceId,
        spanId,
        parentSpanId: parentSpanContext?.spanId,
        attributes,
      }
      appendFileSync(file!, `${JSON.stringify(span)}\n`)
    }
    done({ code: 0 })
  },
  shutdown: async () => {},
}

if (file) {
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  )
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
}
