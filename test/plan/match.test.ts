import { describe, expect, it } from 'vitest'
import {
  compileMatch,
  hostnameMatches,
  isUnderPrefix,
  type MatchFacts,
  normalizeHost,
  queryParam,
  replacePrefix,
} from '../../src/plan/match.ts'
import type { PlannedMatch } from '../../src/plan/types.ts'

describe('hosts', () => {
  it.each([
    ['Orders.Local', 'orders.local'],
    ['orders.local:8080', 'orders.local'],
    ['orders.local.', 'orders.local'],
    ['orders.local.:80', 'orders.local'],
    ['[::1]:4780', '[::1]'],
    ['[::1]', '[::1]'],
    ['', ''],
  ])('%s is compared as %s', (host, expected) => expect(normalizeHost(host)).toBe(expected))

  it('takes names below a wildcard, at any depth, but not the name itself', () => {
    expect(hostnameMatches('*.shop.local', 'a.shop.local')).toBe(true)
    expect(hostnameMatches('*.shop.local', 'a.b.shop.local')).toBe(true)
    expect(hostnameMatches('*.shop.local', 'shop.local')).toBe(false)
    expect(hostnameMatches('*.shop.local', 'myshop.local')).toBe(false)
    expect(hostnameMatches('*.shop.local', '.shop.local')).toBe(false)
    expect(hostnameMatches('shop.local', 'a.shop.local')).toBe(false)
  })
})

describe('prefixes', () => {
  it('end at a segment', () => {
    expect(isUnderPrefix('/orders', '/orders')).toBe(true)
    expect(isUnderPrefix('/orders/1', '/orders')).toBe(true)
    expect(isUnderPrefix('/ordersx', '/orders')).toBe(false)
    expect(isUnderPrefix('/order', '/orders')).toBe(false)
    expect(isUnderPrefix('/anything', '/')).toBe(true)
  })

  // The table of Gateway API, HTTPPathModifier.
  it.each([
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '/', '/bar'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/foo', '/', '/v2', '/v2/foo'],
  ])('%s with %s replaced by %s is %s', (path, prefix, replacement, expected) =>
    expect(replacePrefix(path, prefix, replacement)).toBe(expected),
  )
})

describe('a match', () => {
  const match: PlannedMatch = {
    method: 'POST',
    path: { type: 'RegularExpression', value: '/orders/[0-9]+' },
    headers: [{ type: 'RegularExpression', name: 'x-version', value: 'v[12]' }],
    query: [{ type: 'Exact', name: 'q', value: 'a b' }],
  }
  const facts = (changes: Partial<MatchFacts> = {}): MatchFacts => ({
    method: 'POST',
    path: '/orders/7',
    query: '?q=a%20b&q=other',
    header: name => (name === 'x-version' ? 'v1' : undefined),
    ...changes,
  })
  const missed = (changes: Partial<MatchFacts>) => compileMatch(match)(facts(changes))

  it('asks for all of its conditions', () => {
    expect(missed({})).toEqual([])
    expect(missed({ method: 'GET' })).toEqual([{ on: 'method' }])
    expect(missed({ header: () => undefined })).toEqual([{ on: 'header', name: 'x-version' }])
    expect(missed({ query: '' })).toEqual([{ on: 'query', name: 'q' }])
  })

  it('compares a pattern with the whole text', () => {
    expect(missed({ path: '/orders/7/items' })).toEqual([{ on: 'path' }])
    expect(missed({ path: '/x/orders/7' })).toEqual([{ on: 'path' }])
    expect(missed({ header: () => 'v12' })).toEqual([{ on: 'header', name: 'x-version' }])
  })

  it('reads the first value of a query parameter, decoded, and survives broken escapes', () => {
    expect(queryParam('?a=1&a=2', 'a')).toBe('1')
    expect(queryParam('a=%C3%A4+b', 'a')).toBe('ä b')
    expect(queryParam('?a=%zz', 'a')).toBe('%zz')
    expect(queryParam('?a', 'a')).toBe('')
    expect(queryParam('?b=1', 'a')).toBeUndefined()
  })
})
