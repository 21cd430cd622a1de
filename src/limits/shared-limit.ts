import { createHash } from 'node:crypto'
import type { Limit, LimitSettings } from '../core/limit.ts'
import { bucketCalls } from './bucket-script.ts'
import type { StoreLink } from './store-link.ts'

/** Relays with other settings do not share a bucket, so that a rollout never mixes two limits. */
export const bucketKey = (key: string, { requests, intervalMs, burst }: LimitSettings): string => {
  const hash = createHash('sha256').update(`${requests}/${intervalMs}/${burst}`).digest('hex').slice(0, 12)
  return `fanout:limit:${key}:${hash}`
}

/** A bucket in the store. What the store does not answer in time, `local` does; `onFallback` hears of each. */
export const sharedLimit = (
  link: StoreLink,
  key: string,
  settings: LimitSettings,
  local: Limit,
  onFallback: () => void,
): Limit => {
  const calls = bucketCalls(bucketKey(key, settings), settings)
  const askLocal = (maxWaitMs: number): number | Promise<number> => {
    onFallback()
    return local.reserve(maxWaitMs)
  }
  return {
    reserve: maxWaitMs => {
      if (!link.isUp) return askLocal(maxWaitMs)
      return link
        .ask(calls.take(maxWaitMs))
        .then(micros => (micros === undefined ? askLocal(maxWaitMs) : micros / 1000))
    },
    // To the bucket that is in use now: which one the token came from is known to nobody, and neither overflows.
    giveBack: () => {
      if (link.isUp) void link.ask(calls.giveBack)
      else local.giveBack()
    },
  }
}
