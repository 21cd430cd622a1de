import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './fixtures.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

describe('the admin port', () => {
  let server: ReturnType<typeof serve>
  let port: number
  beforeAll(async () => {
    server = serve({ fetch: createApp({}, ['relay.internal']).fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => server.close())

  const send = (path: string, { method = 'GET', host = `localhost:${port}` } = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }, response => {
        let body = ''
        response.setEncoding('utf8').on('data', chunk => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      })
      sent.on('error', reject).end()
    })

  it.each([
    'localhost',
    'LOCALHOST:4781',
    '127.0.0.1',
    '127.0.0.1:1',
    '[::1]',
    '[::1]:4781',
    'Relay.Internal:80',
  ])('serves the host %s', async host => {
    expect((await send('/api/v1/version', { host })).status).toBe(200)
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    'localhost:4781.evil.example',
    '10.0.0.1:4781',
    '127.0.0.1.nip.io',
  ])('refuses the host %s, whatever is asked', async host => {
    for (const path of ['/api/v1/config', '/', '/nothing']) {
      const { status, headers, body } = await send(path, { host })
      expect([400, 421]).toContain(status)
      if (status === 421) expect(headers['content-type']).toBe('application/problem+json')
      expect(body).not.toMatch(/4780|endpoints/)
    }
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s', async method => {
    const { status, headers, body } = await send('/api/v1/routes', { method })
    expect([status, headers['allow'], headers['content-type']]).toEqual([
      405,
      'GET, HEAD',
      'application/problem+json',
    ])
    expect(JSON.parse(body)).toMatchObject({ status: 405, code: 'method_not_allowed' })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('names its endpoints where there is nothing', async () => {
    const { status, headers, body } = await send('/api/v2/routes')
    expect([status, headers['content-type']]).toEqual([404, 'application/problem+json'])
    expect(JSON.parse(body).endpoints).toContain('/api/v1/overview')
  })

  it('answers every endpoint it names with JSON that is neither cached nor sniffed', async () => {
    const index = JSON.parse((await send('/')).body)
    for (const endpoint of index.endpoints as string[]) {
      const { status, headers } = await send(endpoint.replace('{namespace}/{name}', 'shop/orders'))
      expect([endpoint, status, headers['content-type']]).toEqual([endpoint, 200, 'application/json'])
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it('finds a route by two segments and by one', async () => {
    const two = JSON.parse((await send('/api/v1/routes/shop/orders')).body)
    const one = JSON.parse((await send('/api/v1/routes/shop%2Forders')).body)
    expect(two.id).toBe('shop/orders')
    expect(one).toEqual(two)
  })

  it.each(['/api/v1/routes/shop/none', '/api/v1/routes/shop', '/api/v1/routes/%E0%A4%A'])(
    'has no route at %s',
    async path => {
      const { status, body } = await send(path)
      expect([status, JSON.parse(body).code]).toEqual([404, 'route_not_found'])
    },
  )
})

it.each(['', 'localhost:4781.evil.example', 'localhost@evil.example', 'localhost:', 'localhost:4781/x'])(
  'refuses the malformed host %j',
  async host => {
    const response = await createApp().request('/api/v1/version', { headers: { host } })
    expect(response.status).toBe(421)
  },
)

it('keeps a defect of its own to the log', async () => {
  const logged: unknown[] = []
  const app = createApp({
    planned: () => {
      throw new Error('/secret/path')
    },
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: fields => logged.push(fields) },
  })
  const response = await app.request('/api/v1/routes', { headers: { host: 'localhost' } })
  expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
  expect(await response.text()).not.toContain('secret')
  expect(logged).toHaveLength(1)
})
