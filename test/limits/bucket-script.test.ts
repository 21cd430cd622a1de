import { createClient } from '@redis/client'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bucketCalls, bucketScript } from '../../src/limits/bucket-script.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { hasTool } from '../support/tool.ts'

/** The bucket of a textbook: tokens that are counted. Below zero, they are promised to whoever waits. */
class Model {
  #tokens: number
  #at = 0
  readonly #perMs: number
  readonly #burst: number

  constructor(requests: number, intervalMs: number, burst: number) {
    this.#perMs = requests / intervalMs
    this.#burst = burst
    this.#tokens = burst
  }

  reserve(nowMs: number, maxWaitMs: number): number {
    this.#refill(nowMs)
    const waitMs = Math.max(0, (1 - this.#tokens) / this.#perMs)
    if (waitMs > maxWaitMs) return -waitMs
    this.#tokens -= 1
    return waitMs
  }

  giveBack(nowMs: number): void {
    this.#refill(nowMs)
    this.#tokens = Math.min(this.#burst, this.#tokens + 1)
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#at) * this.#perMs)
    this.#at = nowMs
  }
}

// Keys expire by the store's real time, so the times of a run are far longer than the run.
const hourMs = 3_600_000
const step = fc.record({
  restMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 * hourMs })),
  action: fc.oneof(fc.constant('giveBack' as const), fc.constant(0), fc.integer({ min: 0, max: 5 * hourMs })),
})
const run = fc.record({
  requests: fc.integer({ min: 1, max: 50 }),
  intervalMs: fc.integer({ min: hourMs, max: 24 * hourMs }),
  burst: fc.integer({ min: 1, max: 60 }),
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
})

describe.runIf(hasTool('redis-server'))('the bucket in the store', () => {
  let redis: Redis
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    redis = await startRedis()
    client = createClient({ url: redis.url })
    await client.connect()
  })
  afterAll(async () => {
    client?.destroy()
    await redis?.close()
  })

  test('answers as a count of tokens would', async () => {
    const timed = bucketScript.replace("redis.call('TIME')", '{ARGV[5], ARGV[6]}')
    expect(timed).not.toBe(bucketScript)
    let keys = 0
    await fc.assert(
      fc.asyncProperty(run, async ({ requests, intervalMs, burst, steps }) => {
        const calls = bucketCalls(`run:${keys++}`, { requests, intervalMs, burst })
        const model = new Model(requests, intervalMs, burst)
        let nowMs = 0
        for (const { restMs, action } of steps) {
          nowMs += restMs
          // A day beside today's date: as many digits as it will have in use.
          const time = [`${1_800_000_000 + Math.floor(nowMs / 1000)}`, `${(nowMs % 1000) * 1000}`]
          const call = action === 'giveBack' ? calls.giveBack : calls.take(action)
          const micros = await client.sendCommand<number>(['EVAL', timed, ...call, ...time])
          if (action === 'giveBack') model.giveBack(nowMs)
          else expect(Math.abs(micros / 1000 - model.reserve(nowMs, action))).toBeLessThan(0.1)
        }
      }),
      { numRuns: 40 },
    )
  })
})
