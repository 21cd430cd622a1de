import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { SpanKind } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startUpstream } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import type { WrittenSpan } from './support/register-tracing.ts'
import { startRelayProcess } from './support/relay-process.ts'
import { routeYaml } from './support/routes.ts'

const close = closing()
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callerSpan = '00f067aa0ba902b7'
const headers = { traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: 'vendor=1,other=2' }

const twoLegs = (url: string): string =>
  routeYaml('orders', {
    upstreams: [
      { name: 'primary', url: `${url}/primary` },
      { name: 'copy', role: 'Shadow', url: `${url}/copy` },
    ],
  })

test('with an SDK loaded, a request is one SERVER span with a CLIENT span for each upstream', async () => {
  const upstream = close(await startUpstream())
  const directory = directoryWith({ 'orders.yaml': twoLegs(upstream.url) })
  const file = path.join(directory, 'spans.jsonl')
  const register = pathToFileURL(path.join(import.meta.dirname, 'support/register-tracing.ts')).href
  const env = { NODE_OPTIONS: `--import=${register}`, TRACE_FILE: file }
  const relay = await startRelayProcess(directory, { env, args: ['--access-log', 'all'] })
  expect((await relay.ask({ method: 'POST', path: '/orders/1', headers, body: '{}' })).status).toBe(200)

  const spans = await eventually(() => {
    const written = readFileSync(file, 'utf8').trim().split('\n')
    expect(written).toHaveLength(3)
    return written.map(line => JSON.parse(line) as WrittenSpan)
  })
  expect(spans.map(span => span.traceId)).toEqual([traceId, traceId, traceId])
  const server = spans.find(({ kind }) => kind === SpanKind.SERVER)!
  expect(server).toMatchObject({
    name: 'POST default/orders',
    parentSpanId: callerSpan,
    attributes: {
      'url.path': '/orders/1',
      'http.response.status_code': 200,
      'fanout.outcome': 'success',
    },
  })
  for (const [name, role] of [
    ['primary', 'Required'],
    ['copy', 'Shadow'],
  ]) {
    const client = spans.find(({ attributes }) => attributes['fanout.upstream'] === name)!
    expect(client).toMatchObject({
      kind: SpanKind.CLIENT,
      name: 'POST',
      parentSpanId: server.spanId,
      attributes: { 'fanout.role': role, 'server.port': upstream.port, 'http.response.status_code': 200 },
    })
    const received = upstream.received.find(({ url }) => url === `/${name}`)!
    expect(received.header('traceparent')).toBe(`00-${traceId}-${client.spanId}-01`)
    expect(received.header('tracestate')).toBe(headers.tracestate)
  }
  expect(await relay.line('request')).toMatchObject({ trace_id: traceId })
})

test('without an SDK traceparent and tracestate pass as they came', async () => {
  const upstream = close(await startUpstream())
  const relay = await startRelayProcess(directoryWith({ 'orders.yaml': twoLegs(upstream.url) }))
  await relay.ask({ path: '/', headers })
  await eventually(() => expect(upstream.received).toHaveLength(2))
  for (const { header } of upstream.received) {
    expect(header('traceparent')).toBe(headers.traceparent)
    expect(header('tracestate')).toBe(headers.tracestate)
  }
})
