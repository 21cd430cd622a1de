import { describe, expect, it } from 'vitest'
import type { HeaderList, Outcome } from '../../src/core/call.ts'
import { type ErrorToken, relayError } from '../../src/core/errors.ts'
import { TimerList } from '../../src/core/timer-list.ts'
import { type HedgeOptions, hedge } from '../../src/policies/hedge.ts'
import { RetryBudget } from '../../src/policies/retry-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { CountingObserver, elapse, legContext, legRequest, settled } from './support/legs.ts'
import { type Step, scriptedCall } from './support/scripted-call.ts'

const start = (steps: readonly Step[], overrides: Partial<HedgeOptions> = {}) => {
  const clock = new FakeClock()
  const observer = new CountingObserver()
  const { call, tries } = scriptedCall(clock, steps)
  const policy = hedge({
    delay: new TimerList(clock, 200),
    maxParallel: 2,
    keyHeader: 'idempotency-key',
    budget: new RetryBudget({ percent: 0, minPerSecond: 10, now: clock.now }),
    clock,
    observer,
    ...overrides,
  })
  const send = (request = legRequest(), context = legContext()) => {
    const begin = clock.now()
    const result: { outcome: Outcome | undefined; at: number | undefined } = {
      outcome: undefined,
      at: undefined,
    }
    const promise = policy(call)(request, context).then(outcome => {
      result.outcome = outcome
      result.at = clock.now() - begin
      return outcome
    })
    return { context, result, promise, sentAt: () => tries.map(({ at }) => at - begin) }
  }
  return { clock, observer, tries, send }
}

const describeOutcome = (outcome: Outcome | undefined): number | ErrorToken | undefined =>
  outcome?.kind === 'response' ? outcome.response.status : outcome?.error.token

/** Sends one request and lets it come to its end. */
const run = async (
  steps: readonly Step[],
  overrides: Partial<HedgeOptions> = {},
  request = legRequest(),
  context = legContext(),
) => {
  const started = start(steps, overrides)
  const { result, sentAt } = started.send(request, context)
  await elapse(started.clock, 3000, 50)
  expect(started.clock.armed).toBe(0)
  return { ...started, context, sentAt: sentAt(), at: result.at, ended: describeOutcome(result.outcome) }
}

const client_cancelled = expect.objectContaining({ token: 'client_cancelled' })

describe('hedge', () => {
  it('starts nothing beside a try that is answered in time', async () => {
    const { sentAt, ended, at, observer } = await run([{ afterMs: 150, status: 200 }])
    expect({ sentAt, ended, at }).toEqual({ sentAt: [0], ended: 200, at: 150 })
    expect(observer).toEqual(new CountingObserver())
  })

  it('starts another after the delay; the first answer wins and the other try is cancelled', async () => {
    const { sentAt, ended, at, observer, tries } = await run([
      { afterMs: 1000, status: 200 },
      { afterMs: 100, status: 201 },
    ])
    expect({ sentAt, ended, at }).toEqual({ sentAt: [0, 200], ended: 201, at: 300 })
    expect(observer.hedges).toBe(1)
    expect(tries.map(({ cancelled }) => cancelled)).toEqual([client_cancelled, undefined])
    expect(tries[1]!.response).toMatchObject({ discardedTo: undefined, ended: undefined })
  })

  it('the first try may still win', async () => {
    const { ended, at, tries } = await run([
      { afterMs: 250, status: 404 },
      { afterMs: 100, status: 200 },
    ])
    expect({ ended, at }).toEqual({ ended: 404, at: 250 })
    expect(tries.map(({ cancelled }) => cancelled)).toEqual([undefined, client_cancelled])
  })

  it('starts one more each time the delay passes, up to maxParallel tries', async () => {
    const { sentAt } = await run([{ afterMs: 2000, status: 200 }], { maxParallel: 4 })
    expect(sentAt).toEqual([0, 200, 400, 600])
  })

  it('counts every try of the leg', async () => {
    const { context } = await run([{ afterMs: 500, status: 200 }])
    expect(context.attempts).toBe(2)
  })
})

describe('tries that fail', () => {
  it.each([
    [{ token: 'connection_refused' }, 'connection_refused'],
    [{ status: 503 }, 503],
    [{ afterMs: 150, token: 'connection_terminated' }, 'connection_terminated'],
  ] as const)('%j alone is the outcome at once: that is for retry', async (step, expected) => {
    const { sentAt, ended, at } = await run([step])
    expect({ sentAt, ended, at }).toEqual({ sentAt: [0], ended: expected, at: 'afterMs' in step ? 150 : 0 })
  })

  it.each([[{ afterMs: 250, token: 'connection_terminated' }], [{ afterMs: 250, status: 500 }]] as const)(
    '%j waits for the try beside it',
    async step => {
      const { ended, at, tries } = await run([step, { afterMs: 300, status: 200 }])
      expect({ ended, at }).toEqual({ ended: 200, at: 500 })
      expect(tries[0]!.response?.discardedTo).toBe('status' in step ? 65536 : undefined)
      expect(tries[0]!.cancelled).toBeUndefined()
    },
  )

  it('when all fail the last is the outcome, whole', async () => {
    const { ended, at, tries } = await run([
      { afterMs: 600, status: 503 },
      { afterMs: 100, status: 502 },
    ])
    expect({ ended, at }).toEqual({ ended: 503, at: 600 })
    expect(tries.map(({ response }) => response?.discardedTo)).toEqual([undefined, 65536])
  })

  it.each([
    ['reset', { afterMs: 300, token: 'connection_terminated' }, 500],
    ['a timeout', { afterMs: 300, token: 'http_response_timeout' }, 500],
  ] as const)('an answer beats %s that comes later', async (_what, failure, expectedAt) => {
    const { ended, at, tries } = await run([{ afterMs: 250, status: 503 }, failure])
    expect({ ended, at }).toEqual({ ended: 503, at: expectedAt })
    expect(tries[0]!.response).toMatchObject({ discardedTo: undefined, cancelled: undefined })
  })

  it('an answer that was cut while it waited beats nothing', async () => {
    const { clock, send, tries } = start([
      { afterMs: 250, status: 503, hung: true },
      { afterMs: 300, token: 'connection_terminated' },
    ])
    const { result } = send()
    await elapse(clock, 300, 50)
    tries[0]!.response!.cancel(relayError('http_response_timeout', 'too late'))
    await elapse(clock, 300, 50)
    expect(describeOutcome(result.outcome)).toBe('connection_terminated')
    expect(clock.armed).toBe(0)
  })

  it('an answer gives its slot up to a try that waits for one', async () => {
    const { clock, send, tries } = start([
      { afterMs: 250, status: 503 },
      { afterMs: 300, status: 200 },
    ])
    const { context } = send()
    await elapse(clock, 200, 50)
    // As if the second had not been sent.
    context.attempts--
    await elapse(clock, 50)
    expect(tries[0]!.response?.discardedTo).toBe(65536)
  })

  it('a try that was refused at once does not end the one beside it', async () => {
    const { ended, at } = await run([{ afterMs: 400, status: 200 }, { token: 'circuit_open' }])
    expect({ ended, at }).toEqual({ ended: 200, at: 400 })
  })

  it('another may be started while one still runs, but never more than maxParallel in all', async () => {
    const { sentAt, ended } = await run(
      [
        { afterMs: 250, token: 'connection_terminated' },
        { afterMs: 900, status: 200 },
      ],
      { maxParallel: 3 },
    )
    expect({ sentAt, ended }).toEqual({ sentAt: [0, 200, 400], ended: 200 })
  })

  it('an answer that does not end is cut after a second', async () => {
    const { clock, send, tries } = start([
      { afterMs: 250, status: 500, hung: true },
      { afterMs: 100, status: 200 },
      { status: 200 },
    ])
    send()
    await elapse(clock, 300, 50)
    expect(tries[0]!.cancelled?.token).toBeUndefined()
    await elapse(clock, 1000, 50)
    expect(tries[0]!.response?.cancelled?.token).toBe('client_cancelled')
    expect(clock.armed).toBe(0)
  })
})

describe('what may be hedged', () => {
  const slow: Step = { afterMs: 500, status: 200 }
  const post = { method: 'POST', body: Buffer.from('{}') }

  it.each([
    ['GET', legRequest(), 2],
    ['POST', legRequest(post), 1],
    ['POST with a key', legRequest({ ...post, headers: ['IDEMPOTENCY-KEY', 'k'] }), 2],
    ['PUT', legRequest({ ...post, method: 'PUT' }), 1],
    [
      'GET with a streamed body',
      legRequest({ body: { contentLength: 1, open: () => never(), close: () => {} } }),
      1,
    ],
  ])('%s', async (_what, request, count) => {
    expect((await run([slow], {}, request)).tries.length).toBe(count)
  })

  it('nothing when the budget is spent, asked once a call', async () => {
    const budget = new RetryBudget({ percent: 0, minPerSecond: 0, now: () => 0 })
    const { sentAt, ended, observer } = await run([slow], { budget, maxParallel: 3 })
    expect({ sentAt, ended }).toEqual({ sentAt: [0], ended: 200 })
    expect(observer).toMatchObject({ hedges: 0, spent: 1 })
  })

  it('each try beyond the first is paid for', async () => {
    const budget = new RetryBudget({ percent: 0, minPerSecond: 3, now: () => 0 })
    await run([slow], { budget, maxParallel: 3 })
    expect([budget.spend(), budget.spend()]).toEqual([true, false])
  })
})

const never = (): never => {
  throw new Error('opened')
}

describe('a leg that is stopped', () => {
  it('fails at once with the reason, and every try with it', async () => {
    const { clock, send, tries } = start([{ afterMs: 900, status: 200 }], { maxParallel: 3 })
    const { context, result } = send()
    await elapse(clock, 250, 50)
    const error = relayError('deadline_exceeded', 'too late')
    context.running!.cancel(error)
    await settled()
    expect(result.outcome).toEqual({ kind: 'failure', error })
    expect(tries.map(({ cancelled }) => cancelled)).toEqual([error, error])
    await elapse(clock, 1000, 50)
    expect([tries.length, clock.armed]).toEqual([2, 0])
  })

  it.each([
    ['deadline_exceeded', true, 503],
    ['deadline_exceeded', false, 'deadline_exceeded'],
    ['client_cancelled', true, 'client_cancelled'],
  ] as const)('%s, with an answer that waits (whole: %s), leaves %s', async (token, isWhole, expected) => {
    const { clock, send, tries } = start([
      { afterMs: 250, status: 503, hung: true },
      { afterMs: 900, status: 200 },
    ])
    const { context, result } = send()
    await elapse(clock, 300, 50)
    if (isWhole) tries[0]!.response!.arrive()
    context.running!.cancel(relayError(token, 'stopped'))
    await settled()
    expect(describeOutcome(result.outcome)).toBe(expected)
    expect(tries[0]!.response?.ended).toBe(isWhole ? '' : token)
    expect(tries[1]!.cancelled?.token).toBe(token)
    await elapse(clock, 1000, 50)
    expect([tries.length, clock.armed]).toEqual([2, 0])
  })

  it('cuts the body of the answer that won', async () => {
    const { clock, send, tries } = start([{ status: 200, hung: true }])
    const { context, result } = send()
    await settled()
    context.running!.cancel(relayError('client_cancelled', 'gone'))
    expect(tries[0]!.response?.cancelled?.token).toBe('client_cancelled')
    expect(describeOutcome(result.outcome)).toBe(200)
    await elapse(clock, 1000, 50)
    expect([tries.length, clock.armed]).toEqual([1, 0])
  })

  it('stays stopped when a try was answered at the same moment', async () => {
    const { clock, send, tries } = start([{ afterMs: 100, status: 200 }])
    const { context, result } = send()
    await settled()
    clock.advance(100)
    context.running!.cancel(relayError('client_cancelled', 'gone'))
    await settled()
    expect(describeOutcome(result.outcome)).toBe('client_cancelled')
    expect(tries[0]!.response?.ended).toBe('client_cancelled')
    await elapse(clock, 1000, 50)
    expect([tries.length, clock.armed]).toEqual([1, 0])
  })
})

describe('what a try sees of its leg', () => {
  it('its deadline and its trace, and hints for the caller come from the first try alone', async () => {
    const seen: number[] = []
    const trace = { traceparent: '', attempt: never, end: never }
    const informational = (status: number, _headers: HeaderList): void => {
      seen.push(status)
    }
    const context = legContext({ deadline: 12_345, trace, informational })
    const { tries } = await run([{ afterMs: 500, status: 200 }], {}, legRequest(), context)
    for (const [i, one] of tries.entries()) {
      expect(one.context).toMatchObject({ deadline: 12_345, trace })
      one.context.informational?.(103 - i, [])
    }
    expect(seen).toEqual([103])
  })
})

describe('a defect', () => {
  const defect = new Error('defect')

  it('of the only try is that of the call', async () => {
    const { clock, send, tries } = start([{ defect }])
    await expect(send().promise).rejects.toBe(defect)
    await elapse(clock, 1000, 50)
    expect([tries.length, clock.armed]).toEqual([1, 0])
  })

  it('of one try cancels those beside it', async () => {
    const { clock, send, tries } = start([{ afterMs: 900, status: 200 }, { defect }])
    const failed = expect(send().promise).rejects.toBe(defect)
    await elapse(clock, 200, 50)
    await failed
    expect(tries[0]!.cancelled).toEqual(client_cancelled)
  })

  it('of a try that nobody waits for any more goes on to whoever guards the process', async () => {
    const unguarded = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[]
    process.removeAllListeners('unhandledRejection')
    const reported: unknown[] = []
    process.on('unhandledRejection', reason => reported.push(reason))
    try {
      const { clock, send } = start([
        { afterMs: 500, status: 200 },
        { afterMs: 300, defect },
      ])
      const { result } = send()
      await elapse(clock, 200)
      // Both fall due before anyone can act on the first.
      await elapse(clock, 300)
      await settled()
      expect([describeOutcome(result.outcome), reported]).toEqual([200, [defect]])
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const listener of unguarded) process.on('unhandledRejection', listener)
    }
  })
})
