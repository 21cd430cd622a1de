import { describe, expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startRelay } from '../support/relay.ts'
import { startUpstream } from '../support/upstream.ts'

const open = closing()

/** What one leg with this `request` gets when the caller asks for `path`. */
const received = async (
  { url = '', prefix = '/', ...leg }: { url?: string; prefix?: string; request?: object; role?: string },
  path: string,
  headers: Record<string, string> = {},
) => {
  const main = open(await startUpstream())
  const upstream = open(await startUpstream())
  const upstreams = [
    { name: 'main', url: main.url },
    { name: 'a', url: upstream.url + url, ...leg },
  ]
  const matches = [{ path: { type: 'PathPrefix', value: prefix } }]
  const response = { success: 'Primary', from: 'main' }
  const relay = open(await startRelay({ r: { upstreams, matches, response } }))
  const answer = await ask(relay, { path, headers })
  expect(answer.status).toBe(200)
  await eventually(() => expect(upstream.received.length).toBe(1))
  return { ...upstream.received[0]!, upstream }
}

const rewrite = (path: object) => ({ request: { urlRewrite: { path } } })
const full = (replaceFullPath: string) => rewrite({ type: 'ReplaceFullPath', replaceFullPath })
const prefixed = (replacePrefixMatch: string) => rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch })

describe('path', () => {
  test.each([
    ['no path in url keeps the target as it came', {}, '/a%2Fb/~//c?x=1&&y=%zz?', '/a%2Fb/~//c?x=1&&y=%zz?'],
    ['an empty query is kept', {}, '/a?', '/a?'],
    ['a url with a path sends there', { url: '/v2/orders' }, '/orders', '/v2/orders'],
    ['and the query of the caller is appended', { url: '/v2/orders' }, '/orders?x=1', '/v2/orders?x=1'],
    ['after the query of the url', { url: '/v2?key=1' }, '/orders?x=1', '/v2?key=1&x=1'],
    ['or stands alone', { url: '/v2?key=1' }, '/orders', '/v2?key=1'],
    ['ReplaceFullPath', full('/deduct'), '/orders/1', '/deduct'],
    ['ReplaceFullPath keeps the query', full('/deduct'), '/orders/1?x=1', '/deduct?x=1'],
    ['ReplacePrefixMatch', { prefix: '/orders', ...prefixed('/v2') }, '/orders/1?x=1', '/v2/1?x=1'],
    ['of the whole path', { prefix: '/orders', ...prefixed('/v2') }, '/orders', '/v2'],
    ['with a slash at the end of the path', { prefix: '/orders', ...prefixed('/v2') }, '/orders/', '/v2/'],
    [
      'with a slash at the end of the prefix',
      { prefix: '/orders/', ...prefixed('/v2') },
      '/orders/1',
      '/v2/1',
    ],
    [
      'with a slash at the end of the replacement',
      { prefix: '/orders', ...prefixed('/v2/') },
      '/orders/1',
      '/v2/1',
    ],
    ['by nothing', { prefix: '/orders', ...prefixed('/') }, '/orders/1', '/1'],
    ['by nothing, with nothing left', { prefix: '/orders', ...prefixed('/') }, '/orders?x', '/?x'],
    ['of the root', { prefix: '/', ...prefixed('/v2') }, '/orders', '/v2/orders'],
    ['encoded parts stay encoded', { prefix: '/orders', ...prefixed('/v2') }, '/orders/%2F%41', '/v2/%2F%41'],
  ])('%s', async (_what, leg, path, expected) => {
    const { url } = await received(leg, path)
    expect(Buffer.from(url, 'latin1')).toEqual(Buffer.from(expected, 'latin1'))
  })
})

describe('method, host and headers', () => {
  test('are those of the caller but for Host', async () => {
    const { method, header, upstream } = await received({}, '/', { 'x-a': '1', cookie: 'c=1' })
    expect([method, header('x-a'), header('cookie')]).toEqual(['GET', '1', 'c=1'])
    expect(header('host')).toBe(new URL(upstream.url).host)
  })

  test('can differ', async () => {
    const { method, header, rawHeaders } = await received(
      {
        request: {
          method: 'PUT',
          urlRewrite: { hostname: 'inventory.shop' },
          headers: {
            set: [{ name: 'X-Source', value: 'relay' }],
            add: [{ name: 'X-Tag', value: 'two' }],
            remove: ['Cookie', 'absent'],
          },
        },
      },
      '/',
      { 'x-source': 'caller', 'x-tag': 'one', cookie: 'c=1', 'x-kept': 'yes' },
    )
    expect([method, header('host'), header('x-source')]).toEqual(['PUT', 'inventory.shop', 'relay'])
    expect([header('x-tag'), header('cookie'), header('x-kept')]).toEqual(['one, two', undefined, 'yes'])
    expect(rawHeaders.filter(name => name.toLowerCase() === 'host').length).toBe(1)
  })

  test('of one leg do not show in another', async () => {
    const [a, b] = [open(await startUpstream()), open(await startUpstream())]
    const upstreams = [
      {
        name: 'a',
        url: a.url,
        request: { headers: { set: [{ name: 'x-a', value: 'changed' }], remove: ['x-b'] } },
      },
      { name: 'b', url: b.url },
    ]
    const relay = open(await startRelay({ r: { upstreams } }))
    await ask(relay, { headers: { 'x-a': 'caller', 'x-b': 'caller' } })
    expect([b.received[0]!.header('x-a'), b.received[0]!.header('x-b')]).toEqual(['caller', 'caller'])
    expect([a.received[0]!.header('x-a'), a.received[0]!.header('x-b')]).toEqual(['changed', undefined])
  })
})

test.each([
  ['edited', { headers: { set: [{ name: 'x-a', value: 'b' }] } }],
  ['as they came', {}],
])('an answer that the relay reads is asked for without a coding, headers %s', async (_how, request) => {
  const a = open(await startUpstream())
  const upstreams = [{ name: 'a', url: a.url, request }]
  const relay = open(await startRelay({ r: { upstreams, response: { success: 'All' } } }))
  await ask(relay, { headers: { 'accept-encoding': 'gzip', 'x-kept': 'yes' } })
  const { header } = a.received[0]!
  expect([header('accept-encoding'), header('x-kept')]).toEqual([undefined, 'yes'])
})

describe('X-FanOut-Role', () => {
  const shadow = { role: 'Shadow' }
  test('marks a shadow and nobody else, whatever the caller says', async () => {
    const own = await received(shadow, '/', { 'x-fanout-role': 'primary' })
    expect(own.header('x-fanout-role')).toBe('shadow')
    expect((await received({}, '/', { 'x-fanout-role': 'shadow' })).header('x-fanout-role')).toBeUndefined()
  })

  test('can be left out', async () => {
    const leg = { ...shadow, request: { headers: { remove: ['X-FanOut-Role'] } } }
    expect((await received(leg, '/')).header('x-fanout-role')).toBeUndefined()
  })

  test('can be set to another word', async () => {
    const leg = { ...shadow, request: { headers: { set: [{ name: 'x-fanout-role', value: 'canary' }] } } }
    expect((await received(leg, '/')).header('x-fanout-role')).toBe('canary')
  })
})
