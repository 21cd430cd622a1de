import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Logger } from '../../src/core/logger.ts'
import { telemetryHandler } from '../../src/telemetry/handler.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { routeGenerations } from '../../src/telemetry/route-generations.ts'
import { parseExposition, sampleValue } from './parse-exposition.ts'

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const metrics = new Metrics({ build: { version: '0.1.0', revision: '', node: '26' } })
const readiness = { state: { ready: false, reason: 'not loaded yet' }, ready: () => readiness.state }

const listen = async (handler: RequestListener): Promise<{ server: Server; base: string }> => {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('the telemetry port', () => {
  let server: Server
  let base: string
  beforeAll(async () => {
    ;({ server, base } = await listen(telemetryHandler({ metrics, readiness, logger: silent })))
  })
  afterAll(() => server.close())

  it('serves text by default and OpenMetrics to who asks for it', async () => {
    const text = await fetch(`${base}/metrics`)
    expect(text.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(sampleValue(parseExposition(await text.text(), 'text'), 'fanout_build_info')).toBe(1)
    const open = await fetch(`${base}/metrics`, {
      headers: {
        accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1',
      },
    })
    expect(open.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    )
    expect(sampleValue(parseExposition(await open.text(), 'openmetrics'), 'fanout_build_info')).toBe(1)
  })

  it('is alive, and ready once it is', async () => {
    for (const path of ['/livez', '/healthz']) {
      const response = await fetch(base + path)
      expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
    }
    readiness.state = { ready: false, reason: 'not loaded yet' }
    let response = await fetch(`${base}/readyz`)
    expect([response.status, await response.text()]).toEqual([503, 'not ready\n'])
    response = await fetch(`${base}/readyz?verbose`)
    expect([response.status, await response.text()]).toEqual([503, '[-]routes not loaded yet\n'])
    readiness.state = { ready: true, reason: 'ok' }
    response = await fetch(`${base}/readyz?verbose`)
    expect([response.status, await response.text()]).toEqual([200, '[+]routes ok\n'])
  })

  it('answers HEAD without a body', async () => {
    const response = await fetch(`${base}/livez`, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s', async method => {
    const response = await fetch(`${base}/metrics`, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it.each(['/', '/api/v1/config', '/metrics/', '/debug', '/routes'])('has nothing at %s', async path => {
    expect((await fetch(base + path)).status).toBe(404)
  })

  it('is never cached nor sniffed', async () => {
    for (const path of ['/metrics', '/readyz', '/nothing']) {
      const { headers } = await fetch(base + path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

it('tells names and generations of routes, where it is given any', async () => {
  const served = [
    { id: 'shop/orders', kind: 'served', generation: 4 },
    { id: 'shop/invalid', kind: 'broken', generation: 2 },
    { id: 'default/from-a-file', kind: 'served', generation: undefined },
  ]
  const routes = () => routeGenerations(served)
  const { server, base } = await listen(telemetryHandler({ metrics, readiness, logger: silent, routes }))
  const response = await fetch(`${base}/routes`)
  const refused = await fetch(`${base}/routes`, { method: 'POST' })
  server.close()
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toEqual({ routes: { 'shop/orders': 4 } })
  expect(refused.status).toBe(405)
})

it('logs a failure to render and tells the scraper nothing about it', async () => {
  const logged: unknown[] = []
  const { server, base } = await listen(
    telemetryHandler({
      metrics: { render: () => Promise.reject(new Error('/secret/path')) },
      readiness,
      logger: { ...silent, error: fields => logged.push(fields) },
    }),
  )
  const response = await fetch(`${base}/metrics`)
  server.close()
  expect([response.status, await response.text()]).toEqual([500, 'internal error\n'])
  expect(logged).toHaveLength(1)
})
