import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw, type RawResponse } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { message, relayTo, type ScriptedUpstream, startScripted } from './harness.ts'

let upstream: Upstream
let relay: TestRelay
let scripted: ScriptedUpstream
let toScripted: TestRelay

beforeAll(async () => {
  upstream = await startUpstream()
  relay = await relayTo(upstream.url)
  scripted = await startScripted()
  toScripted = await relayTo(scripted.url)
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
  await toScripted.close()
  await scripted.close()
})

const answered = async (...fields: string[]): Promise<RawResponse> => {
  scripted.answer(
    `HTTP/1.1 200 OK\r\n${fields.map(field => `${field}\r\n`).join('')}Content-Length: 0\r\n\r\n`,
  )
  return exchangeRaw(toScripted.port, message('GET / HTTP/1.1'))
}

/** Pairs that the upstream received, without the relay's own. */
const received = async (...fields: string[]): Promise<[string, string][]> => {
  expect((await exchangeRaw(relay.port, message('GET / HTTP/1.1', fields))).status).toBe(200)
  const { rawHeaders } = upstream.received.at(-1)!
  const pairs: [string, string][] = []
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  return pairs.filter(([name]) => !['host', 'connection', 'x-request-id', 'via'].includes(name))
}

describe('H20 repeated fields', () => {
  it('Set-Cookie lines stay apart and in order', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2', 'a=3', 'b=2']
    const answer = await answered(
      `Set-Cookie: ${cookies[0]}`,
      ...cookies.slice(1).map(c => `set-COOKIE: ${c}`),
    )
    expect(answer.all('set-cookie')).toEqual(cookies)
  })

  it('of a request keep their number, order and spelling', async () => {
    const fields = [
      ['X-A', '1'],
      ['x-a', '2'],
      ['Cookie', 'a=1'],
      ['X-A', '1'],
      ['cookie', 'b=2'],
      ['ACCEPT', 'a, b'],
      ['Accept', ''],
    ] as const
    expect(await received(...fields.map(([name, value]) => `${name}: ${value}`))).toEqual(fields)
  })

  it('of an answer keep their number, order and spelling', async () => {
    const answer = await answered(
      'X-A: 1',
      'x-a: 2',
      'WWW-Authenticate: Basic',
      'X-A:',
      'www-authenticate: Digest',
    )
    expect(answer.headers.slice(0, 5)).toEqual([
      ['X-A', '1'],
      ['x-a', '2'],
      ['WWW-Authenticate', 'Basic'],
      ['X-A', ''],
      ['www-authenticate', 'Digest'],
    ])
  })
})

describe('H21 names that objects have', () => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
    'valueOf',
    '__defineGetter__',
  ]

  it('pass in requests', async () => {
    const fields = names.map(name => [name, 'x'] as const)
    expect(await received(...names.map(name => `${name}: x`))).toEqual(fields)
  })

  it('pass in answers', async () => {
    const answer = await answered(...names.map(name => `${name}: x`))
    expect(answer.headers.slice(0, names.length)).toEqual(names.map(name => [name, 'x']))
  })

  it('can be named by Connection, and then do not pass', async () => {
    expect(await received('Connection: __proto__, constructor', '__proto__: 1', 'constructor: 2')).toEqual([])
    const answer = await answered('Connection: __proto__', '__proto__: 1')
    expect(answer.header('__proto__')).toBeUndefined()
  })

  it('can be edited and matched by a route', async () => {
    const edited = await startRelay({
      proto: {
        matches: [{ headers: [{ name: '__proto__', value: 'x' }] }],
        upstreams: [
          {
            name: 'a',
            url: upstream.url,
            request: { headers: { set: [{ name: 'constructor', value: 'y' }], remove: ['__proto__'] } },
          },
        ],
      },
    })
    await exchangeRaw(edited.port, message('GET / HTTP/1.1', ['__proto__: x', 'constructor: x']))
    const { rawHeaders } = upstream.received.at(-1)!
    expect(rawHeaders).not.toContain('__proto__')
    expect(rawHeaders.slice(rawHeaders.indexOf('constructor')).slice(0, 2)).toEqual(['constructor', 'y'])
    await edited.close()
  })
})

describe('H22 values', () => {
  const obsText = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('')

  it('with bytes beyond ASCII pass unchanged in requests', async () => {
    expect(await received(`X-Text: a${obsText}b`)).toEqual([['X-Text', `a${obsText}b`]])
  })

  it('with bytes beyond ASCII pass unchanged in answers', async () => {
    expect((await answered(`X-Text: a${obsText}b`)).header('x-text')).toBe(`a${obsText}b`)
  })

  it('with tabs, quotes and underscores in their names pass unchanged', async () => {
    expect(await received('X_Under_Score: "a\tb\\"', "X.Dot!#$%&'*+^`|~: 1")).toEqual([
      ['X_Under_Score', '"a\tb\\"'],
      ["X.Dot!#$%&'*+^`|~", '1'],
    ])
  })
})

describe('H23 Date and cache fields', () => {
  it('Date of the upstream is kept, and added where there is none', async () => {
    const date = 'Tue, 15 Nov 1994 08:12:31 GMT'
    expect((await answered(`Date: ${date}`)).all('date')).toEqual([date])
    const [own] = (await answered()).all('date')
    expect(Math.abs(Date.parse(own!) - Date.now())).toBeLessThan(5_000)
  })

  it('Age, Warning, Cache-Control, ETag, Server and Content-Type pass unchanged', async () => {
    const fields = [
      'Age: 60',
      'Warning: 110 - "x"',
      'Cache-Control: no-store',
      'ETag: W/"a"',
      'Server: x',
      'Content-Type: a/b',
    ]
    const answer = await answered(...fields)
    expect(answer.headers.slice(0, fields.length).map(pair => pair.join(': '))).toEqual(fields)
  })
})
