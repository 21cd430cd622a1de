import { expect, test } from 'vitest'
import { Pools } from '../../src/upstream/pools.ts'

const a = 'http://127.0.0.1:9'
const b = 'http://127.0.0.1:10'

test('one origin has one pool, whoever asks', () => {
  const pools = new Pools()
  expect(pools.acquire(a)).toBe(pools.acquire(a))
  expect(pools.acquire(b)).not.toBe(pools.acquire(a))
  expect(pools.size).toBe(2)
})

test('a pool lives until everyone has let go', () => {
  const pools = new Pools()
  const pool = pools.acquire(a)
  pools.acquire(a)
  pools.release(a)
  expect([pools.size, pools.acquire(a)]).toEqual([1, pool])
  pools.release(a)
  pools.release(a)
  expect(pools.size).toBe(0)
  expect(pools.acquire(a)).not.toBe(pool)
})

test('letting go of what nobody holds does nothing', () => {
  const pools = new Pools()
  pools.release(a)
  expect(pools.size).toBe(0)
})

test('destroy closes them all', async () => {
  const pools = new Pools()
  pools.acquire(a)
  pools.acquire(b)
  await pools.destroy()
  expect(pools.size).toBe(0)
})
