import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { hasTool } from '../support/tool.ts'
import { type Share, share } from './share.ts'

/** Long enough for a machine that is busy with other tests. */
const patient = { askTimeoutMs: 5_000 }

describe.runIf(hasTool('redis-server'))('limits in a store', () => {
  const keep = closing()
  const start = async (): Promise<Redis> => keep(await startRedis())
  const join = (url: string, options?: Parameters<typeof share>[1]): Share => keep(share(url, options))

  /** Asks without a pause, eight at a time, and counts what was let through. */
  const hammer = async ({ limit }: Share, until: number): Promise<number> => {
    let passed = 0
    const one = async (): Promise<void> => {
      while (performance.now() < until) if ((await limit.reserve(0)) >= 0) passed++
    }
    await Promise.all(Array.from({ length: 8 }, one))
    return passed
  }

  test('are one limit for two relays, within 2 %', async () => {
    const { url } = await start()
    // The burst is what a busy machine may pause for without losing tokens.
    const settings = { requests: 500, intervalMs: 1_000, burst: 500 }
    const relays = [join(url, { ...patient, settings }), join(url, { ...patient, settings })]
    await Promise.all(relays.map(relay => relay.reaches('up')))
    const begun = performance.now()
    const passed = await Promise.all(relays.map(relay => hammer(relay, begun + 2_000)))
    const endedAfterMs = performance.now() - begun
    const total = passed.reduce((sum, each) => sum + each)
    const due = (ms: number): number => settings.burst + (ms / settings.intervalMs) * settings.requests
    expect(total).toBeGreaterThan(due(2_000) * 0.98)
    expect(total).toBeLessThan(due(endedAfterMs) * 1.02)
    expect(Math.min(...passed)).toBeGreaterThan(0)
    expect(relays.map(relay => relay.fallbacks)).toEqual([0, 0])
  })

  test('use one connection however many they are and however much is asked', async () => {
    const redis = await start()
    const relay = join(redis.url, patient)
    await relay.reaches('up')
    const others = Array.from({ length: 20 }, (_, index) => relay.more(`shop/orders/leg-${index}`))
    await Promise.all([...others, ...others, ...others].map(limit => limit.reserve(0)))
    // redis-cli is the other one.
    expect(redis.command('CLIENT', 'LIST').split('\n')).toHaveLength(2)
  })

  test('let reservations wait in turn and take back what was not used', async () => {
    const { url } = await start()
    const slow = { requests: 1, intervalMs: 60_000, burst: 2 }
    const relay = join(url, { ...patient, settings: slow })
    await relay.reaches('up')
    expect(await relay.limit.reserve(0)).toBe(0)
    expect(await relay.limit.reserve(0)).toBe(0)
    const refused = await relay.limit.reserve(0)
    expect(refused).toBeLessThan(-50_000)
    expect(refused).toBeGreaterThanOrEqual(-60_000)
    expect(await relay.limit.reserve(30_000)).toBeLessThan(0)
    expect(await relay.limit.reserve(Number.POSITIVE_INFINITY)).toBeGreaterThan(50_000)
    expect(await relay.limit.reserve(Number.POSITIVE_INFINITY)).toBeGreaterThan(110_000)
    relay.limit.giveBack()
    relay.limit.giveBack()
    relay.limit.giveBack()
    expect(await relay.limit.reserve(0)).toBe(0)
  })

  test('are kept apart by route, leg and settings, in keys that end when they are idle', async () => {
    const redis = await start()
    const fast = { requests: 10, intervalMs: 4_000, burst: 5 }
    const [old, next] = [
      join(redis.url, { ...patient, settings: fast }),
      join(redis.url, { ...patient, settings: { ...fast, burst: 6 } }),
    ]
    await Promise.all([old.reaches('up'), next.reaches('up')])
    await Promise.all([old.limit.reserve(0), next.limit.reserve(0)])
    const keys = redis
      .command('KEYS', 'fanout:limit:shop/*')
      .split('\n')
      .filter(key => key !== '')
    for (const key of keys) expect(key).toMatch(/^fanout:limit:shop\/orders\/crm:[0-9a-f]{12}$/)
    expect(new Set(keys).size).toBe(2)
    await eventually(() => expect(redis.command('DBSIZE')).toBe('0'))
  })

  test('go on when the store forgets its scripts', async () => {
    const redis = await start()
    const relay = join(redis.url, patient)
    await relay.reaches('up')
    redis.command('SCRIPT', 'FLUSH')
    expect(await Promise.all([relay.limit.reserve(0), relay.limit.reserve(0)])).toEqual([0, 0])
    expect(relay.fallbacks).toBe(0)
  })

  test('are those of each relay when the store dies, and shared again when it is back', async () => {
    const redis = await start()
    const relay = join(redis.url, patient)
    await relay.reaches('up')
    let asking = true
    const slowest = (async () => {
      let longestMs = 0
      while (asking) {
        const begun = performance.now()
        await relay.limit.reserve(0)
        longestMs = Math.max(longestMs, performance.now() - begun)
        await new Promise(setImmediate)
      }
      return longestMs
    })()
    await redis.kill()
    await relay.reaches('down')
    expect(relay.limit.reserve(0)).toBe(relay.localAnswer)
    await redis.restart()
    await relay.reaches('up')
    asking = false
    expect(await slowest).toBeLessThan(patient.askTimeoutMs)
    const fallbacks = relay.fallbacks
    expect(fallbacks).toBeGreaterThan(0)
    expect(await relay.limit.reserve(0)).toBe(0)
    expect(relay.fallbacks).toBe(fallbacks)
    expect(relay.states).toEqual(['up', 'down', 'up'])
    expect(relay.lines.map(line => line.level)).toEqual(expect.arrayContaining(['info', 'warn', 'info']))
  })

  test('do not wait for a store that hangs beyond the deadline, and then not at all', async () => {
    const redis = await start()
    const relay = join(redis.url)
    await relay.reaches('up')
    redis.freeze()
    const begun = performance.now()
    const answers = await Promise.all(Array.from({ length: 50 }, () => relay.limit.reserve(0)))
    const tookMs = performance.now() - begun
    expect(new Set(answers)).toEqual(new Set([relay.localAnswer]))
    expect(relay.fallbacks).toBe(50)
    expect(tookMs).toBeGreaterThan(45)
    expect(tookMs).toBeLessThan(300)
    expect(relay.limit.reserve(0)).toBe(relay.localAnswer)
    expect(relay.states).toEqual(['up', 'down'])
    redis.thaw()
    await relay.reaches('up')
    expect(await relay.limit.reserve(0)).toBeGreaterThanOrEqual(0)
  })

  test('use an answer that came in time though the relay was too busy to read it', async () => {
    const { url } = await start()
    const relay = join(url)
    await relay.reaches('up')
    const asked = relay.limit.reserve(0)
    // It is sent at the end of this turn of the loop.
    await new Promise(setImmediate)
    const until = performance.now() + 150
    while (performance.now() < until);
    expect(await asked).toBe(0)
    expect(relay.fallbacks).toBe(0)
  })

  test('connect anew when the old connection has gone silent', async () => {
    const redis = await start()
    const relay = join(redis.url)
    await relay.reaches('up')
    redis.freeze()
    await relay.limit.reserve(0)
    // Frozen for longer than the question that follows the pause may take.
    await eventually(() => expect(relay.lines.filter(line => line.level === 'warn')).toHaveLength(2))
    redis.thaw()
    await relay.reaches('up')
    await eventually(() => expect(redis.command('CLIENT', 'LIST').split('\n')).toHaveLength(2))
  })

  test('end with close: nothing is asked any more, and the connection is gone', async () => {
    const redis = await start()
    const relay = join(redis.url, patient)
    await relay.reaches('up')
    const asked = relay.limit.reserve(0)
    relay.close()
    expect(await asked).toBe(relay.localAnswer)
    expect(relay.limit.reserve(0)).toBe(relay.localAnswer)
    await eventually(() => expect(redis.command('CLIENT', 'LIST').split('\n')).toHaveLength(1))
    expect(relay.states).toEqual(['up'])
  })

  test('the clock that paces retries can stand still without blocking anybody', () => {
    const relay = join('redis://127.0.0.1:1', { clock: { now: systemClock.now, after: () => () => {} } })
    expect(relay.limit.reserve(0)).toBe(relay.localAnswer)
  })
})
