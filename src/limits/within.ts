import type { Clock } from '../core/clock.ts'

/**
 * As `promise`, or rejects after `ms` with `missing` as the reason. What the promise does later is nobody's
 * concern any more.
 */
export const within = <T>(promise: Promise<T>, ms: number, clock: Clock, missing: string): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`${missing} within ${ms} ms`)))
    promise.then(resolve, reject).finally(cancel)
  })
