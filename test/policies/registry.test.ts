import { expect, test } from 'vitest'
import { Registry } from '../../src/policies/registry.ts'

test('makes a thing once and hands the same out after that', () => {
  const registry = new Registry()
  let made = 0
  const make = () => ({ number: ++made })
  const first = registry.get('shop/orders crm breaker {"openMs":1}', make)
  expect(registry.get('shop/orders crm breaker {"openMs":1}', make)).toBe(first)
  expect(registry.get('shop/orders crm breaker {"openMs":2}', make)).not.toBe(first)
  expect(made).toBe(2)
  expect(registry.size).toBe(2)
})

test('forgets what the new table does not use and keeps the rest as it was', () => {
  const registry = new Registry()
  const kept = registry.get('a', () => ({}))
  const dropped = registry.get('b', () => ({}))
  registry.retain(new Set(['a', 'never made']))
  expect(registry.size).toBe(1)
  expect(registry.get('a', () => ({}))).toBe(kept)
  expect(registry.get('b', () => ({}))).not.toBe(dropped)
})

test('tells a thing that it is no longer used', () => {
  const registry = new Registry()
  let retired = 0
  registry.get('a', () => ({ retire: () => retired++ }))
  registry.retain(new Set(['a']))
  expect(retired).toBe(0)
  registry.retain(new Set())
  expect(retired).toBe(1)
})

test('a thing that could not be made is asked for again', () => {
  const registry = new Registry()
  expect(() =>
    registry.get('a', () => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(registry.size).toBe(0)
  const made = {}
  expect(registry.get('a', () => made)).toBe(made)
})

test('a reload of 10,000 routes asks about each key once', () => {
  const registry = new Registry()
  const keys = Array.from({ length: 40_000 }, (_, i) => `shop/route-${i >> 2} leg-${i & 3} breaker {}`)
  for (const key of keys) registry.get(key, () => ({ key }))
  let questions = 0
  const used = new (class extends Set<string> {
    override has(key: string): boolean {
      questions++
      return super.has(key)
    }
  })(keys.slice(0, 20_000))
  registry.retain(used)
  expect(registry.size).toBe(20_000)
  expect(questions).toBe(40_000)
})
