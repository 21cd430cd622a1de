import { createHash } from 'node:crypto'
import type { LimitSettings } from '../core/limit.ts'

/*
 * The bucket as two whole numbers, so that nothing is rounded off over time: an instant at which it was full,
 * in microseconds, and how many tokens have been taken since. A full bucket is a missing key: each key ends by
 * itself when the limit has been idle for long enough.
 *
 * KEYS[1] the bucket. ARGV: `requests`; the interval and the longest wait, in microseconds; `burst`. A wait of
 * -1 gives a token back. Answers whole microseconds as `Limit.reserve` does: >= 0 go after them, negative refused.
 *
 * Times are those of the store, so that clocks of relays do not matter. '%.0f' because Lua would write 14
 * digits, and a time in microseconds has 16.
 */
export const bucketScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local requests, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local patience, burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local since, taken = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
since, taken = tonumber(since or now), tonumber(taken or 0)
local refilled = (now - since) * requests
if refilled >= taken * interval then
  since, taken, refilled = now, 0, 0
end
local wait = 0
if patience < 0 then
  taken = math.max(0, taken - 1)
else
  wait = math.max(0, math.ceil(((taken + 1 - burst) * interval - refilled) / requests))
  if wait > patience then return -wait end
  taken = taken + 1
end
local missing = taken * interval - refilled
if missing > 0 then
  local idle = math.ceil(missing / requests / 1000)
  redis.call('SET', KEYS[1], string.format('%.0f %.0f', since, taken), 'PX', string.format('%.0f', idle))
else
  redis.call('DEL', KEYS[1])
end
return wait
`

/** By which the store knows the script once it has run it. */
export const bucketScriptHash: string = createHash('sha1').update(bucketScript).digest('hex')

/** One run of the script, as it goes to the store behind EVALSHA or EVAL and its script. */
export type BucketCall = readonly string[]

export interface BucketCalls {
  take(maxWaitMs: number): BucketCall
  readonly giveBack: BucketCall
}

/** 11 days: Lua cannot read Infinity. */
const longestWaitMs = 1e9

/** The calls for one bucket; that for a token without a wait is made once. */
export const bucketCalls = (key: string, { requests, intervalMs, burst }: LimitSettings): BucketCalls => {
  const call = (maxWaitMicros: number): BucketCall => [
    '1',
    key,
    ...[requests, intervalMs * 1000, maxWaitMicros, burst].map(String),
  ]
  const takeNow = call(0)
  return {
    take: maxWaitMs =>
      maxWaitMs <= 0 ? takeNow : call(Math.floor(Math.min(maxWaitMs, longestWaitMs) * 1000)),
    giveBack: call(-1),
  }
}
