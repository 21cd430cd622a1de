import type { CallContext, LegRequest, Outcome } from '../../../src/core/call.ts'
import { systemClock } from '../../../src/core/clock.ts'
import type { RelayError } from '../../../src/core/errors.ts'
import { TimerList } from '../../../src/core/timer-list.ts'
import { createAttempt } from '../../../src/upstream/attempt.ts'
import { Pools } from '../../../src/upstream/pools.ts'

export interface Told {
  started: number
  ended: number
  stale: number
  /** Called as soon as a stale connection is told of. */
  onStale?: () => void
}

export interface Ended {
  /** Empty without an answer. */
  readonly body: string
  readonly error: RelayError | undefined
}

export const contextOf = (): CallContext => ({
  running: undefined,
  cancelled: undefined,
  attempts: 0,
  deadline: Number.POSITIVE_INFINITY,
  trace: undefined,
})

/** The innermost Call by itself, with a pool of its own. */
export const startAttempts = (origin: string, timeoutMs = 5_000) => {
  const pools = new Pools()
  const told: Told = { started: 0, ended: 0, stale: 0 }
  const call = createAttempt({
    dispatcher: pools.acquire(origin),
    timeout: new TimerList(systemClock, timeoutMs),
    now: systemClock.now,
    observer: {
      started: () => told.started++,
      ended: () => told.ended++,
      staleConnection: () => {
        told.stale++
        told.onStale?.()
      },
    },
  })
  const send = async (request: Partial<LegRequest> = {}, context = contextOf()): Promise<Ended> => {
    const ended = await read(
      await call({ method: 'GET', path: '/', headers: [], body: null, ...request }, context),
    )
    // undici gives a connection back one turn of the event loop after the answer.
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
    return ended
  }
  return { told, send, close: () => pools.destroy() }
}

const read = (outcome: Outcome): Promise<Ended> =>
  new Promise(resolve => {
    if (outcome.kind === 'failure') return resolve({ body: '', error: outcome.error })
    let body = ''
    outcome.response.pipe({
      data: chunk => {
        body += chunk.toString('latin1')
        return true
      },
      end: () => resolve({ body, error: undefined }),
      error: error => resolve({ body, error }),
    })
  })
