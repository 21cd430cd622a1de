import { describe, expect, it } from 'vitest'
import type { Outcome, StreamedBody } from '../../src/core/call.ts'
import { type ErrorToken, errorTokens, relayError } from '../../src/core/errors.ts'
import { type RetryOptions, retry } from '../../src/policies/retry.ts'
import { RetryBudget } from '../../src/policies/retry-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { CountingObserver, elapse, legContext, legRequest, settled } from './support/legs.ts'
import { type Step, scriptedCall } from './support/scripted-call.ts'

const wallClockNow = Date.UTC(2026, 0, 1)

const start = (steps: readonly Step[], overrides: Partial<RetryOptions> = {}) => {
  const clock = new FakeClock()
  const observer = new CountingObserver()
  const { call, tries } = scriptedCall(clock, steps)
  const policy = retry({
    attempts: 2,
    backoffMs: 100,
    maxBackoffMs: 2000,
    codes: [502, 503, 504],
    on: ['ConnectFailure', 'Reset', 'Timeout'],
    retryAfterMaxMs: 30_000,
    nonIdempotent: false,
    keyHeader: 'idempotency-key',
    budget: new RetryBudget({ percent: 20, minPerSecond: 100, now: clock.now }),
    clock,
    wallClock: () => wallClockNow,
    random: () => 1,
    observer,
    ...overrides,
  })
  const send = (request = legRequest(), context = legContext()) => {
    const begin = clock.now()
    const result: { outcome: Outcome | undefined } = { outcome: undefined }
    const promise = policy(call)(request, context).then(outcome => {
      result.outcome = outcome
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
  overrides: Partial<RetryOptions> = {},
  request = legRequest(),
  context = legContext(),
) => {
  const started = start(steps, overrides)
  const { result, sentAt } = started.send(request, context)
  await elapse(started.clock, 31_000, 100)
  expect(started.clock.armed).toBe(0)
  return { ...started, sentAt: sentAt(), ended: describeOutcome(result.outcome) }
}

const fails: Step = { token: 'connection_refused' }
const streamed: StreamedBody = {
  contentLength: 1,
  open: () => {
    throw new Error('opened')
  },
  close: () => {},
}

describe('retry', () => {
  it('leaves a success alone', async () => {
    const { sentAt, ended, observer } = await run([{ status: 200 }])
    expect({ sentAt, ended }).toEqual({ sentAt: [0], ended: 200 })
    expect(observer).toEqual(new CountingObserver())
  })

  it('sends again after a doubling wait, and stops at the first success', async () => {
    const { sentAt, ended, observer } = await run([fails, { status: 503 }, { status: 200 }])
    expect({ sentAt, ended }).toEqual({ sentAt: [0, 100, 300], ended: 200 })
    expect(observer.retries).toEqual(['connection_refused', 'http_status'])
    expect(observer.exhausted).toBe(0)
  })

  it('makes `attempts` tries beyond the first, then says so and returns the last outcome as it is', async () => {
    const { tries, sentAt, ended, observer } = await run([{ status: 503 }], { attempts: 3 })
    expect({ sentAt, ended }).toEqual({ sentAt: [0, 100, 300, 700], ended: 503 })
    expect(observer).toMatchObject({ exhausted: 1, spent: 0 })
    expect(tries.map(({ response }) => response?.discardedTo)).toEqual([65536, 65536, 65536, undefined])
    expect(tries.map(({ context }) => context.attempts)).toEqual([4, 4, 4, 4])
  })

  it('is not exhausted when the last try ends in a way that is never retried', async () => {
    const { ended, observer } = await run([fails, fails, { token: 'circuit_open' }])
    expect(ended).toBe('circuit_open')
    expect(observer.exhausted).toBe(0)
  })

  it.each([
    [
      [502, 503, 504],
      [502, 503, 504],
    ],
    [[500], [500]],
    [
      [429, 425],
      [425, 429],
    ],
    [[], []],
  ])('with codes %j sends again after %j alone', async (codes, expected) => {
    const retried: number[] = []
    for (const status of [200, 204, 302, 400, 404, 408, 425, 429, 500, 501, 502, 503, 504]) {
      const { tries } = await run([{ status }, { status: 200 }], { codes })
      if (tries.length > 1) retried.push(status)
    }
    expect(retried).toEqual(expected)
  })

  it.each([
    ['ConnectFailure', ['dns_error', 'connection_refused', 'connection_timeout']],
    ['Reset', ['connection_terminated']],
    ['Timeout', ['connection_timeout', 'http_response_timeout']],
  ] as const)('on %s sends again after %j alone', async (kind, expected) => {
    const retried: ErrorToken[] = []
    for (const token of errorTokens) {
      const { tries } = await run([{ token }, { status: 200 }], { on: [kind] })
      if (tries.length > 1) retried.push(token)
    }
    expect(retried).toEqual(expected)
  })

  it('passes a defect on, of a later try as well', async () => {
    const defect = new Error('defect')
    await expect(start([{ defect }]).send().promise).rejects.toBe(defect)
    const { clock, send } = start([fails, { defect }])
    const second = expect(send().promise).rejects.toBe(defect)
    await elapse(clock, 100)
    await second
  })
})

describe('what may be sent again', () => {
  const post = (overrides = {}) => legRequest({ method: 'POST', body: Buffer.from('{}'), ...overrides })
  const keyed = { headers: ['Accept', '*/*', 'Idempotency-Key', 'abc'] }

  it.each([
    ['GET', legRequest(), true],
    ['HEAD', legRequest({ method: 'HEAD' }), true],
    ['OPTIONS', legRequest({ method: 'OPTIONS' }), true],
    ['GET with a captured body', legRequest({ body: Buffer.from('q') }), true],
    ['GET with a streamed body', legRequest({ body: streamed }), false],
    ['POST', post(), false],
    ['PUT', post({ method: 'PUT' }), false],
    ['DELETE without a body', post({ method: 'DELETE', body: null }), false],
    ['POST with a key', post(keyed), true],
    ['POST with an empty key', post({ headers: ['idempotency-key', ''] }), false],
    ['POST with a key and a streamed body', post({ ...keyed, body: streamed }), false],
  ])('%s: %#', async (_what, request, again) => {
    const { tries } = await run([{ status: 503 }, { status: 200 }], {}, request)
    expect(tries.length).toBe(again ? 2 : 1)
  })

  it('hands an answer on unread when the request cannot be sent again', async () => {
    const { tries, ended, observer } = await run([{ status: 503 }], {}, post())
    expect(ended).toBe(503)
    expect(tries[0]!.response).toMatchObject({ discardedTo: undefined, ended: undefined })
    expect(observer).toEqual(new CountingObserver())
  })

  it('a POST of which nothing was sent, until something was', async () => {
    const unsent: Step = { ...fails, unsent: true }
    expect((await run([unsent, unsent, { status: 200 }], {}, post())).sentAt).toEqual([0, 100, 300])
    expect((await run([unsent, { token: 'connection_terminated' }], {}, post())).sentAt).toEqual([0, 100])
    expect((await run([unsent], {}, post({ body: streamed }))).sentAt).toEqual([0])
  })

  it('any captured request with nonIdempotent', async () => {
    const options = { nonIdempotent: true }
    expect((await run([fails, { status: 200 }], options, post())).sentAt).toEqual([0, 100])
    expect((await run([fails], options, post({ body: streamed }))).sentAt).toEqual([0])
  })
})

describe('the wait', () => {
  const busy = (retryAfter: string): Step => ({ status: 503, headers: ['retry-after', retryAfter] })

  it.each([
    ['2', 2000],
    ['0', 100],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 100],
    ['99999999999999999999', 30_000],
    ['soon', 100],
  ])('is what Retry-After %j asks for, between back-off and its cap', async (value, waitMs) => {
    const { sentAt } = await run([busy(value), { status: 200 }])
    expect(sentAt).toEqual([0, waitMs])
  })

  it('never exceeds what a timer can hold', async () => {
    const year = 365 * 24 * 3_600_000
    for (const overrides of [{ retryAfterMaxMs: year }, { backoffMs: year, maxBackoffMs: year }]) {
      const { clock, send, tries } = start([busy('99999999999')], overrides)
      send()
      await elapse(clock, 2 ** 31 - 2)
      expect(tries.length).toBe(1)
      await elapse(clock, 1)
      expect(tries.length).toBe(2)
    }
  })

  it('is not begun when it would pass the deadline: the last outcome is returned, unread', async () => {
    const { clock, send, tries, observer } = start([{ status: 503 }])
    const { result } = send(legRequest(), legContext({ deadline: clock.now() + 300 }))
    await elapse(clock, 100)
    expect(tries.length).toBe(2)
    expect(describeOutcome(result.outcome)).toBe(503)
    expect(tries[1]!.response?.discardedTo).toBeUndefined()
    expect(observer).toMatchObject({ exhausted: 0, spent: 0 })
    expect(clock.armed).toBe(0)
  })

  it('ends at once with the reason when the leg is stopped', async () => {
    const { clock, send, tries, observer } = start([fails])
    const { context, result } = send()
    await settled()
    expect([clock.armed, result.outcome]).toEqual([1, undefined])
    const error = relayError('deadline_exceeded', 'too late')
    const { running } = context
    running!.cancel(error)
    running!.cancel(relayError('client_cancelled', 'once more'))
    expect(clock.armed).toBe(0)
    await settled()
    expect(result.outcome).toEqual({ kind: 'failure', error })
    expect(context.running).toBeUndefined()
    await elapse(clock, 10_000)
    expect([tries.length, observer.retries]).toEqual([1, []])
  })

  it.each<[string, Step, number | ErrorToken]>([
    ['its answer stands, which has outlasted the deadline or was cut by it', { status: 503 }, 503],
    ['a failure is that it was stopped', fails, 'deadline_exceeded'],
  ])('does not begin for a leg that has been stopped: %s', async (_what, step, expected) => {
    const { clock, observer, send } = start([step])
    const error = relayError('deadline_exceeded', 'too late')
    const { result } = send(legRequest(), legContext({ cancelled: error }))
    await settled()
    expect(describeOutcome(result.outcome)).toBe(expected)
    expect([clock.armed, observer.retries]).toEqual([0, []])
  })

  it('does not send when the leg is stopped at the very moment it ends', async () => {
    const { clock, send, tries } = start([fails])
    const { context, result } = send()
    await settled()
    clock.advance(100)
    context.running!.cancel(relayError('client_cancelled', 'gone'))
    await settled()
    expect([tries.length, describeOutcome(result.outcome)]).toEqual([1, 'client_cancelled'])
  })

  it('leaves the next try to be stopped by its own', async () => {
    const { clock, send, tries } = start([fails, { afterMs: 500, status: 200 }])
    const { context, result } = send()
    await elapse(clock, 200)
    context.running!.cancel(relayError('client_cancelled', 'gone'))
    await settled()
    expect(tries[1]!.cancelled?.token).toBe('client_cancelled')
    expect([tries.length, describeOutcome(result.outcome)]).toEqual([2, 'client_cancelled'])
  })
})

describe('an answer that is not needed', () => {
  it('is read before the wait, so that its connection is free', async () => {
    const { send, tries } = start([{ status: 503 }])
    send()
    await settled()
    expect(tries[0]!.response).toMatchObject({ discardedTo: 65536, ended: '' })
  })

  it('leaves no timer behind once its body has come', async () => {
    const { clock, send, tries } = start([{ status: 503, hung: true }, { status: 200 }])
    send()
    await elapse(clock, 500)
    expect(clock.armed).toBe(1)
    tries[0]!.response!.arrive()
    expect(clock.armed).toBe(0)
  })

  it('is cut when its body does not come within a second', async () => {
    const { clock, send, tries } = start([{ status: 503, hung: true }, { status: 200 }])
    send()
    await elapse(clock, 999)
    expect(tries[0]!.response?.ended).toBeUndefined()
    await elapse(clock, 1)
    expect(tries[0]!.response?.cancelled?.token).toBe('client_cancelled')
    expect(clock.armed).toBe(0)
  })
})

describe('the budget', () => {
  const empty = new RetryBudget({ percent: 0, minPerSecond: 0, now: () => 0 })

  it('when it is spent the outcome is returned, unread', async () => {
    const { tries, ended, observer } = await run([{ status: 503 }], { budget: empty })
    expect([ended, tries.length, tries[0]!.response?.discardedTo]).toEqual([503, 1, undefined])
    expect(observer).toMatchObject({ spent: 1, exhausted: 0, retries: [] })
  })

  it('is not asked for what would not be sent again anyway', async () => {
    const { observer } = await run([{ status: 404 }], { budget: empty })
    expect(observer.spent).toBe(0)
  })

  it('counts the first try of each call', async () => {
    const clock = new FakeClock()
    const budget = new RetryBudget({ percent: 100, minPerSecond: 0, now: clock.now })
    const { send } = start([{ status: 200 }], { budget })
    for (let i = 0; i < 3; i++) await send().promise
    expect([1, 2, 3, 4].map(() => budget.spend())).toEqual([true, true, true, false])
  })
})
