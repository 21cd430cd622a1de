/** How requests come: one after another, or at a rate whether or not earlier ones are answered (open loop). */
export type Load =
  | { readonly kind: 'sequence'; readonly requests: number }
  | { readonly kind: 'rate'; readonly perSecond: number; readonly requests: number }

/** Under way at once; what is due beyond it is left out and counted. */
export const maxUnderWay = 2_000

/**
 * Calls `send` for each request of the load, with its number from 1, and resolves when all have ended or the
 * signal says to stop. Resolves with how many were due and not sent because `maxUnderWay` were under way.
 */
export const drive = async (
  load: Load,
  send: (number: number) => Promise<void>,
  signal: AbortSignal,
): Promise<number> =>
  load.kind === 'sequence' ? inSequence(load.requests, send, signal) : atRate(load, send, signal)

const inSequence = async (
  requests: number,
  send: (number: number) => Promise<void>,
  signal: AbortSignal,
): Promise<number> => {
  for (let number = 1; number <= requests && !signal.aborted; number++) await send(number)
  return 0
}

const atRate = async (
  { perSecond, requests }: Load & { readonly kind: 'rate' },
  send: (number: number) => Promise<void>,
  signal: AbortSignal,
): Promise<number> => {
  const startedAt = performance.now()
  const underWay = new Set<Promise<void>>()
  let notSent = 0
  for (let number = 1; number <= requests && !signal.aborted; number++) {
    const dueMs = startedAt + ((number - 1) * 1000) / perSecond - performance.now()
    if (dueMs > 0) await pause(dueMs, signal)
    if (signal.aborted) break
    if (underWay.size >= maxUnderWay) notSent++
    else {
      const sent = send(number)
      underWay.add(sent)
      void sent.then(() => underWay.delete(sent))
    }
  }
  await Promise.all(underWay)
  return notSent
}

/** Ends early when the signal says so. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
