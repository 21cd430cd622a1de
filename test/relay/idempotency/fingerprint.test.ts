import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../../src/relay/idempotency/fingerprint.ts'

const head = { method: 'POST', path: '/orders', query: '?a=1' }
const print = (changes: Partial<typeof head> = {}, body: string | null = 'body') =>
  fingerprint({ ...head, ...changes }, body === null ? null : Buffer.from(body))

describe('fingerprint', () => {
  test('is the same for the same request', () => expect(print()).toBe(print()))

  test.each([
    ['method', { method: 'PUT' }],
    ['path', { path: '/orders/' }],
    ['query', { query: '?a=2' }],
  ])('differs with the %s', (_, changes) => expect(print(changes)).not.toBe(print()))

  test('differs with the body, and without one', () => {
    expect(print({}, 'bodY')).not.toBe(print())
    expect(print({}, null)).not.toBe(print())
  })

  test('an empty body is no body', () => expect(print({}, '')).toBe(print({}, null)))

  test('notices bytes that move from one part to another', () => {
    const moved = [
      print({ path: '/ab', query: '' }, 'c'),
      print({ path: '/a', query: 'b' }, 'c'),
      print({ path: '/a', query: '' }, 'bc'),
      print({ path: '/a","b', query: '' }, 'c'),
      print({ path: '/ab', query: 'c' }, ''),
    ]
    expect(new Set(moved).size).toBe(moved.length)
  })
})
