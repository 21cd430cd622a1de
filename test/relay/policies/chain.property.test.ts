import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Call,
  type CallContext,
  type Cancellable,
  compose,
  type EndListener,
  type Outcome,
  type UpstreamResponse,
} from '../../../src/core/call.ts'
import { type ErrorToken, type RelayError, relayError } from '../../../src/core/errors.ts'
import { Timers } from '../../../src/core/timer-list.ts'
import type { PlannedLeg } from '../../../src/plan/types.ts'
import { Registry } from '../../../src/policies/registry.ts'
import { RetryBudget } from '../../../src/policies/retry-budget.ts'
import { TokenBucket } from '../../../src/policies/token-bucket.ts'
import { legPolicies } from '../../../src/relay/leg-policies.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { recorder } from '../../support/recorder.ts'

/** What an upstream does with one try: after `ms` an answer or a failure, and its body `bodyMs` later. */
interface Act {
  readonly ms: number
  readonly result: number | ErrorToken
  readonly bodyMs: number
  readonly cut: boolean
}

const act: fc.Arbitrary<Act> = fc.record({
  ms: fc.integer({ min: 0, max: 400 }),
  result: fc.constantFrom<number | ErrorToken>(
    200,
    200,
    404,
    500,
    502,
    503,
    'connection_refused',
    'connection_terminated',
    'http_response_timeout',
    'http_protocol_error',
  ),
  bodyMs: fc.integer({ min: 0, max: 200 }),
  cut: fc.boolean(),
})

const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })

const policies = fc.record({
  retry: optional(
    fc.record({
      attempts: fc.integer({ min: 1, max: 4 }),
      backoffMs: fc.integer({ min: 1, max: 200 }),
      maxBackoffMs: fc.integer({ min: 200, max: 1000 }),
      codes: fc.constant([502, 503]),
      on: fc.constant(['ConnectFailure', 'Reset', 'Timeout'] as const),
      retryAfterMaxMs: fc.constant(1000),
      nonIdempotent: fc.boolean(),
    }),
  ),
  circuitBreaker: optional(
    fc.record({
      consecutiveFailures: fc.integer({ min: 1, max: 4 }),
      failurePercent: fc.constantFrom(0, 50),
      minimumRequests: fc.integer({ min: 1, max: 5 }),
      windowMs: fc.constant(1000),
      openMs: fc.integer({ min: 10, max: 500 }),
      halfOpenRequests: fc.integer({ min: 1, max: 2 }),
    }),
  ),
  rateLimit: optional(
    fc.record({
      requests: fc.integer({ min: 1, max: 20 }),
      intervalMs: fc.constant(1000),
      burst: fc.integer({ min: 1, max: 5 }),
      scope: fc.constant('Local' as const),
      onLimit: fc.constantFrom('Fail' as const, 'Wait' as const),
    }),
  ),
  concurrency: optional(
    fc.record({
      maxParallelRequests: fc.integer({ min: 1, max: 3 }),
      maxPendingRequests: fc.integer({ min: 0, max: 3 }),
    }),
  ),
  hedge: optional(
    fc.record({ delayMs: fc.integer({ min: 1, max: 200 }), maxParallel: fc.integer({ min: 2, max: 3 }) }),
  ),
})

const scenario = fc.record({
  policies,
  acts: fc.array(act, { minLength: 1, maxLength: 30 }),
  calls: fc.array(
    fc.record({
      method: fc.constantFrom('GET', 'POST'),
      atMs: fc.integer({ min: 0, max: 500 }),
      deadlineMs: fc.integer({ min: 1, max: 1500 }),
      leavesMs: optional(fc.integer({ min: 0, max: 1500 })),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  budgetPercent: fc.constantFrom(0, 20, 100),
})

const leg = {
  name: 'a',
  role: 'Required',
  origin: 'http://a:80',
  host: undefined,
  method: undefined,
  path: { kind: 'keep' },
  headers: undefined,
  attemptTimeoutMs: 0,
  legTimeoutMs: 0,
  sample: undefined,
} as const

/** One try at the scripted upstream: as a real attempt does, it takes itself out of what runs once it is over. */
class Try implements Cancellable, UpstreamResponse {
  status = 0
  headers = []
  contentType = ''
  readonly #act: Act
  readonly #context: CallContext
  readonly #clock: FakeClock
  readonly #over: (sent: Try) => void
  readonly #resolve: (outcome: Outcome) => void
  #listeners: EndListener[] = []
  #ended: ErrorToken | '' | undefined
  #stopTimer: () => void = () => {}

  constructor(
    given: Act,
    context: CallContext,
    clock: FakeClock,
    over: (sent: Try) => void,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#act = given
    this.#context = context
    this.#clock = clock
    this.#over = over
    this.#resolve = resolve
    context.running = this
    context.attempts++
    this.#stopTimer = clock.after(given.ms, () => this.#head())
  }

  #head(): void {
    const { result, bodyMs, cut } = this.#act
    if (typeof result === 'string') return this.#end(result)
    this.status = result
    this.#stopTimer = this.#clock.after(bodyMs, () => this.#end(cut ? 'http_response_incomplete' : ''))
    this.#resolve({ kind: 'response', response: this })
  }

  #end(error: ErrorToken | ''): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#stopTimer()
    if (this.#context.running === this) this.#context.running = undefined
    this.#over(this)
    if (this.status === 0)
      this.#resolve({ kind: 'failure', error: relayError(error || 'relay_internal', '') })
    for (const listener of this.#listeners) listener(error, false)
  }

  cancel(error: RelayError): void {
    this.#end(error.token)
  }

  onEnd(listener: EndListener): void {
    if (this.#ended === undefined) this.#listeners.push(listener)
    else listener(this.#ended, false)
  }

  pipe(): void {}
  resume(): void {}
  discard(): void {}
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('whatever the policies and the faults: tries and time stay within what they allow, and nothing is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ policies: chosen, acts, calls, budgetPercent }) => {
      const clock = new FakeClock()
      const { now } = clock
      const registry = new Registry()
      const planned: PlannedLeg = { ...leg, ...chosen }
      const budget =
        chosen.retry || chosen.hedge
          ? new RetryBudget({ percent: budgetPercent, minPerSecond: 2, now })
          : undefined
      const observer = recorder()
      const chain = legPolicies(
        planned,
        { idempotencyKey: undefined },
        {
          clock,
          random: Math.random,
          timers: new Timers(clock),
          observer: observer.leg('r', 'a', 'Required'),
          traceFields: undefined,
          budget,
          keep: (what, _settings, make) => registry.get(what, make),
          limit: settings => new TokenBucket({ ...settings, now }),
        },
      )
      let sent = 0
      let atOnce = 0
      let mostAtOnce = 0
      const upstream: Call = (_request, context) =>
        new Promise(resolve => {
          if (context.cancelled) return resolve({ kind: 'failure', error: context.cancelled })
          mostAtOnce = Math.max(mostAtOnce, ++atOnce)
          new Try(acts[sent++ % acts.length]!, context, clock, () => atOnce--, resolve)
        })
      const call = compose(
        chain.map(({ policy }) => policy),
        upstream,
      )
      const mostTries = (1 + (chosen.retry?.attempts ?? 0)) * (chosen.hedge?.maxParallel ?? 1)

      const run = async ({ method, atMs, deadlineMs, leavesMs }: (typeof calls)[number]) => {
        await new Promise<void>(resolve => clock.after(atMs, resolve))
        const context = {
          running: undefined as Cancellable | undefined,
          cancelled: undefined as RelayError | undefined,
          attempts: 0,
          deadline: now() + deadlineMs,
          trace: undefined,
        }
        const stop = (token: ErrorToken) => () => {
          const error = relayError(token, '')
          context.cancelled ??= error
          context.running?.cancel(error)
        }
        clock.after(deadlineMs, stop('deadline_exceeded'))
        if (leavesMs !== undefined) clock.after(leavesMs, stop('client_cancelled'))
        const outcome = await call({ method, path: '/', headers: [], body: null }, context)
        const tookUntil = now()
        expect(tookUntil).toBeLessThanOrEqual(context.deadline)
        expect(context.attempts).toBeLessThanOrEqual(mostTries)
        const repeats = chosen.retry?.nonIdempotent || method === 'GET'
        if (!repeats) expect(context.attempts).toBeLessThanOrEqual(1)
        if (outcome.kind === 'response')
          await new Promise<void>(resolve => outcome.response.onEnd(() => resolve()))
      }
      const running = Promise.all(calls.map(run))
      for (let ms = 0; ms < 4000; ms += 1) {
        clock.advance(1)
        await settled()
      }
      await running
      if (chosen.concurrency) expect(mostAtOnce).toBeLessThanOrEqual(chosen.concurrency.maxParallelRequests)
      expect([atOnce, observer.waiting.tries]).toEqual([0, 0])
      expect(observer.defects).toEqual([])
      expect(clock.armed).toBeLessThanOrEqual(1)
    }),
    { numRuns: 300 },
  )
}, 60_000)
