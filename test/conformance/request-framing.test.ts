import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeRaw } from '../support/raw-client.ts'
import type { TestRelay } from '../support/relay.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { message, problemOf, relayTo, sendHostile } from './harness.ts'

let upstream: Upstream
let relay: TestRelay

beforeAll(async () => {
  upstream = await startUpstream()
  relay = await relayTo(upstream.url)
})
afterAll(async () => {
  await relay.close()
  await upstream.close()
})

type Case = readonly [what: string, bytes: string]

const refuses = (statuses: readonly number[], cases: readonly Case[]): void => {
  it.each(cases)('refuses %s, closes, and sends nothing upstream', async (_what, bytes) => {
    const answer = await sendHostile(relay, bytes)
    expect(statuses).toContain(answer.status)
    expect(problemOf(answer).code).toBeTypeOf('string')
  })
}

const get = (...fields: string[]): string => message('GET /orders HTTP/1.1', fields)
const post = (...fields: string[]): string => message('POST /orders HTTP/1.1', fields, 'hello')
const coded = (coding: string, ...fields: string[]): string =>
  message('POST /orders HTTP/1.1', [`Transfer-Encoding: ${coding}`, ...fields], '0\r\n\r\n')
const chunks = (body: string): string =>
  message('POST /orders HTTP/1.1', ['Transfer-Encoding: chunked'], body)

describe('H4 Content-Length', () => {
  refuses(
    [400],
    [
      ['two different lengths', post('Content-Length: 5', 'Content-Length: 6')],
      ['two equal lengths', post('Content-Length: 5', 'Content-Length: 5')],
      ['a list of different lengths', post('Content-Length: 5, 6')],
      ['a list of equal lengths', post('Content-Length: 5, 5')],
      ['a sign', post('Content-Length: +5')],
      ['a negative length', post('Content-Length: -1')],
      ['a hexadecimal length', post('Content-Length: 0x5')],
      ['a length with a space inside', post('Content-Length: 5 5')],
      ['a length with a parameter', post('Content-Length: 5;a=b')],
      ['an empty length', post('Content-Length:')],
      ['a length beyond 2^64', post('Content-Length: 99999999999999999999')],
      ['a length of 2^64-1', post('Content-Length: 18446744073709551615')],
      ['a length beyond 2^53', post('Content-Length: 9007199254740993')],
    ],
  )
  refuses(
    [400],
    [
      ['a length after chunked', coded('chunked', 'Content-Length: 5')],
      ['a length in another case after chunked', coded('chunked', 'CONTENT-length: 5')],
      [
        'a length before chunked',
        message('POST / HTTP/1.1', ['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      ],
    ],
  )
})

describe('H5 Transfer-Encoding', () => {
  refuses(
    [400, 501],
    [
      ['gzip before chunked', coded('gzip, chunked')],
      ['chunked before gzip', coded('chunked, gzip')],
      ['gzip alone', coded('gzip')],
      ['chunked twice in one line', coded('chunked, chunked')],
      ['chunked twice in two lines', coded('chunked', 'Transfer-Encoding: chunked')],
      ['identity', coded('identity')],
      ['an empty coding', coded('')],
      ['a coding that only looks like chunked', coded('xchunked')],
      ['chunked with a parameter', coded('chunked;q=1')],
      ['chunked in quotes', coded('"chunked"')],
      ['chunked after a vertical tab', coded('\x0bchunked')],
    ],
  )
  refuses(
    [400],
    [
      ['chunked in HTTP/1.0', message('POST / HTTP/1.0', ['Transfer-Encoding: chunked'], '0\r\n\r\n')],
      ['a chunk size in C notation', chunks('0x5\r\nhello\r\n0\r\n\r\n')],
      ['a negative chunk size', chunks('-5\r\nhello\r\n0\r\n\r\n')],
      ['a chunk size with a leading space', chunks(' 5\r\nhello\r\n0\r\n\r\n')],
      ['a chunk size beyond 2^64', chunks('fffffffffffffffff\r\nhello\r\n0\r\n\r\n')],
      ['a chunk size that ends with a bare LF', chunks('5\nhello\r\n0\r\n\r\n')],
      ['a chunk that is longer than its size', chunks('5\r\nhelloXX\r\n0\r\n\r\n')],
      ['a bare LF in a chunk extension', chunks('5;a\nb\r\nhello\r\n0\r\n\r\n')],
      ['a last chunk that ends with a bare LF', chunks('5\r\nhello\r\n0\n\n')],
    ],
  )
})

describe('H7 field lines', () => {
  refuses(
    [400],
    [
      ['a folded line', get('X-A: a\r\n b')],
      ['a first field line that begins with a space', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
      ['a space before the colon', get('X-A : a')],
      ['a tab before the colon', get('Content-Length\t: 0')],
      ['a line without a colon', get('X-A')],
      ['an empty field name', get(': a')],
      ['a field name with a parenthesis', get('X(A): a')],
      ['a field name with a NUL', get('X\0A: a')],
      ['a field name with obs-text', get('X\xe9: a')],
      ['a bare LF as line end', get('X-A: a\nX-B: b')],
      ['bare LFs throughout', 'GET / HTTP/1.1\nHost: a\n\n'],
      ['a bare CR in a value', get('X-A: a\rX-B: b')],
      ['a bare CR as line end', get('X-A: a\r\rX-B: b')],
      ['a NUL in a value', get('X-A: a\0b')],
      ['a control character in a value', get('X-A: a\x01b')],
      ['a DEL in a value', get('X-A: a\x7fb')],
    ],
  )
})

describe('H7 request line', () => {
  refuses(
    [400],
    [
      ['an unknown method', message('FOO / HTTP/1.1')],
      ['a method in lower case', message('get / HTTP/1.1')],
      ['a tab before the target', message('GET\t/ HTTP/1.1')],
      ['a space in the target', message('GET /a b HTTP/1.1')],
      ['a control character in the target', message('GET /a\x01 HTTP/1.1')],
      ['bytes beyond ASCII in the target', message('GET /caf\xe9 HTTP/1.1')],
      ['a minor version of two digits', message('GET / HTTP/1.10')],
      ['HTTP/1.2', message('GET / HTTP/1.2')],
      ['a version in lower case', message('GET / http/1.1')],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['something else altogether', '\x16\x03\x01\x02\0\x01'],
    ],
  )
  refuses(
    [505],
    [
      ['HTTP/2.0 as text', message('GET / HTTP/2.0')],
      ['HTTP/0.9 with fields', message('GET / HTTP/0.9')],
      ['a request line without version', 'GET /\r\n\r\n'],
    ],
  )
})

describe('H29 limits of the head', () => {
  const half = 'a'.repeat(9 * 1024)
  refuses(
    [414, 431],
    [
      ['a target longer than 16 KiB', message(`GET /${half}${half} HTTP/1.1`)],
      ['a field longer than 16 KiB', get(`X-A: ${half}${half}`)],
      ['two fields longer than 16 KiB together', get(`X-A: ${half}`, `X-B: ${half}`)],
    ],
  )
})

describe('H20 number of field lines', () => {
  it('is refused with 431 above a thousand and never cut, so that no field is lost', async () => {
    const fields = Array.from({ length: 1200 }, () => 'a:b')
    const answer = await sendHostile(relay, get(...fields, 'Content-Length: 0'))
    expect(answer.status).toBe(431)
    expect(problemOf(answer).code).toBe('headers_too_large')
  })

  it('keeps every line below that, the last one included', async () => {
    const fields = Array.from({ length: 900 }, () => 'a:b')
    const answer = await exchangeRaw(relay.port, get(...fields, 'X-Last: yes'))
    expect(answer.status).toBe(200)
    const received = upstream.received.pop()
    expect(received?.rawHeaders.filter(name => name === 'a')).toHaveLength(900)
    expect(received?.header('x-last')).toBe('yes')
  })
})
