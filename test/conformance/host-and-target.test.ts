import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { message, problemOf, sendHostile, valuesOf } from './harness.ts'

let upstream: Upstream
let shop: Upstream
let relay: TestRelay

beforeAll(async () => {
  upstream = await startUpstream()
  shop = await startUpstream((_received, response) => response.end('shop'))
  relay = await startRelay({
    all: { upstreams: [{ name: 'a', url: upstream.url }] },
    shop: { hostnames: ['shop.local'], upstreams: [{ name: 'a', url: shop.url }] },
    admin: {
      matches: [{ path: { type: 'PathPrefix', value: '/admin' } }],
      upstreams: [{ name: 'a', url: shop.url }],
    },
  })
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
  await shop.close()
})

describe('H6 Host', () => {
  it.each([
    ['no Host in HTTP/1.1', 'GET / HTTP/1.1\r\n\r\n'],
    ['two different Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['two equal Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['a list', 'GET / HTTP/1.1\r\nHost: a,b\r\n\r\n'],
    ['a list with a space', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
    ['a Host of spaces', 'GET / HTTP/1.1\r\nHost:   \r\n\r\n'],
    ['userinfo', 'GET / HTTP/1.1\r\nHost: user@a\r\n\r\n'],
    ['a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a query', 'GET / HTTP/1.1\r\nHost: a?b\r\n\r\n'],
    ['a backslash', 'GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n'],
    ['a scheme', 'GET / HTTP/1.1\r\nHost: http://a\r\n\r\n'],
    ['a port that is no number', 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n'],
    ['a negative port', 'GET / HTTP/1.1\r\nHost: a:-1\r\n\r\n'],
    ['a port above 65535', 'GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n'],
    ['a port of six digits', 'GET / HTTP/1.1\r\nHost: a:100000\r\n\r\n'],
    ['two ports', 'GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n'],
    ['an open bracket', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
    ['bytes beyond ASCII', 'GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n'],
    ['no Host for OPTIONS *', 'OPTIONS * HTTP/1.1\r\n\r\n'],
    ['no Host for a path of the relay', 'GET /-/fanout/readyz HTTP/1.1\r\n\r\n'],
    ['userinfo in an absolute target', message('GET http://user@shop.local/ HTTP/1.1')],
    ['an absolute target without authority', message('GET http:///x HTTP/1.1')],
    ['an absolute target beside an invalid Host', 'GET http://shop.local/ HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ])('refuses %s', async (_what, bytes) => {
    const answer = await sendHostile(relay, bytes)
    expect(answer.status).toBe(400)
    expect(problemOf(answer).code).toBe('bad_request')
  })

  it.each(['a', 'a.b-c_d', 'a:1', 'a:65535', '[::1]', '[::1]:80', '127.0.0.1:8080'])(
    'takes %s',
    async host => {
      const answer = await exchangeRaw(relay.port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      expect(answer.status).toBe(200)
    },
  )

  it('is not asked of HTTP/1.0', async () => {
    const answer = await exchangeRaw(relay.port, 'GET / HTTP/1.0\r\n\r\n')
    expect(answer.status).toBe(200)
  })

  it('towards the upstream is that of the upstream, once', async () => {
    await exchangeRaw(relay.port, message('GET /host HTTP/1.1'))
    expect(valuesOf(upstream.received.at(-1)!.rawHeaders, 'host')).toEqual([`127.0.0.1:${upstream.port}`])
  })

  it('chooses the route without regard to case, port and final dot', async () => {
    for (const host of ['shop.local', 'SHOP.local', 'shop.local:4780', 'shop.local.']) {
      const answer = await exchangeRaw(relay.port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      expect(answer.body.toString(), host).toBe('shop')
    }
  })
})

describe('H12 path', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '//a',
    '/a//b',
    '/a%20b',
    '/%C3%A9?q=%C3%A9',
    '/a%2Fb',
    '/a%2fb',
    '/a%5cb',
    '/a;v=1/b',
    "/~!$&'()*+,;=:@-._",
    '/a|b^c`d{e}"f<g>',
    '/.well-known/x',
    '/...',
    '/a..b/c.',
    '/a?',
    '/a?b=c&b=d&&=',
    '/a?x=/../y',
    '/a?%00',
    '/%zz%',
    '/a?b?c',
  ])('%s is sent as it came', async target => {
    const answer = await exchangeRaw(relay.port, message(`GET ${target} HTTP/1.1`))
    expect(answer.status).toBe(200)
    expect(upstream.received.at(-1)?.url).toBe(target)
  })

  it.each([
    '/.',
    '/..',
    '/a/../admin',
    '/a/./b',
    '/a/..',
    '/a/.',
    '/%2e%2e/admin',
    '/a/%2E/b',
    '/a/.%2e/b',
    '/a/%2e./b',
    '/a/..;/admin',
    '/a/.;x=1/b',
    '/a/%2e%2e;/b',
    '/a/..%2fadmin',
    '/a%2f..%2fadmin',
    '/a/..%5cadmin',
    '/a%5c..%5cadmin',
    '/a/..%3b/admin',
    '/a\\b',
    '/..\\admin',
    '/a%00b',
    '/a#b',
    '/a?b#c',
    '/#',
  ])('%s is refused, as servers read it differently', async target => {
    const answer = await sendHostile(relay, message(`GET ${target} HTTP/1.1`))
    expect(answer.status).toBe(400)
  })
})

describe('H13 the target never chooses the upstream', () => {
  it.each([
    ['//evil.example/x', '//evil.example/x'],
    ['//shop.local/admin', '//shop.local/admin'],
    ['///evil.example', '///evil.example'],
    ['/http://evil.example/', '/http://evil.example/'],
    ['/@evil.example', '/@evil.example'],
    ['/:80@evil.example', '/:80@evil.example'],
    ['http://evil.example/x?y', '/x?y'],
    ['https://evil.example:8443/x', '/x'],
    ['HTTP://evil.example', '/'],
    ['http://evil.example?y', '/?y'],
  ])('%s goes to the upstream of the route', async (target, path) => {
    const answer = await exchangeRaw(relay.port, message(`GET ${target} HTTP/1.1`))
    expect(answer.status).toBe(200)
    const received = upstream.received.at(-1)
    expect([received?.url, received?.header('host')]).toEqual([path, `127.0.0.1:${upstream.port}`])
  })

  it('the authority of an absolute target replaces Host when the route is chosen (RFC 9112 §3.2.2)', async () => {
    const absolute = await exchangeRaw(relay.port, message('GET http://shop.local/x HTTP/1.1'))
    expect(absolute.body.toString()).toBe('shop')
    const other = await exchangeRaw(
      relay.port,
      'GET http://other.local/x HTTP/1.1\r\nHost: shop.local\r\n\r\n',
    )
    expect(other.body.toString()).not.toBe('shop')
  })

  it.each(['ftp://a/', 'evil.example', 'a/b', '*', 'ws://a/', 'http:/a', 'javascript:x'])(
    '%s as target is refused',
    async target => {
      const answer = await sendHostile(relay, message(`GET ${target} HTTP/1.1`))
      expect(answer.status).toBe(400)
    },
  )

  it('an absolute target reaches the paths of the relay, not an upstream', async () => {
    const answer = await exchangeRaw(relay.port, message('GET http://a/-/fanout/readyz HTTP/1.1'))
    expect(answer.body.toString()).toBe('{"status":"ready"}')
    const other = await exchangeRaw(relay.port, message('GET http://a/-/fanout/x HTTP/1.1'))
    expect(other.status).toBe(404)
  })
})
