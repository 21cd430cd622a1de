import { type Call, compose } from '../src/core/call.ts'
import { systemClock } from '../src/core/clock.ts'
import type { PolicyObserver } from '../src/core/observer.ts'
import { Timed, Timers } from '../src/core/timer-list.ts'
import { Breaker } from '../src/policies/breaker.ts'
import { circuitBreaker } from '../src/policies/circuit-breaker.ts'
import { concurrency } from '../src/policies/concurrency.ts'
import { failFast } from '../src/policies/fail-fast.ts'
import { rateLimit } from '../src/policies/rate-limit.ts'
import { retry } from '../src/policies/retry.ts'
import { RetryBudget } from '../src/policies/retry-budget.ts'
import { Semaphore } from '../src/policies/semaphore.ts'
import { TokenBucket } from '../src/policies/token-bucket.ts'

/*
 * What a leg's policies cost when they have nothing to do: `node bench/policies.ts`. One request has two legs,
 * as everywhere in these benchmarks. The call itself is a stand-in that answers at once, and what it costs by
 * itself is subtracted.
 */

const clock = systemClock
const { now } = clock
const nothing = (): void => {}
const observer: PolicyObserver = {
  refused: nothing,
  retried: nothing,
  retriesExhausted: nothing,
  budgetSpent: nothing,
  hedged: nothing,
  rateLimited: nothing,
  queued: nothing,
  breaker: nothing,
  limitFellBack: nothing,
}

const request = { method: 'POST', path: '/', headers: [], body: null }
const response = {
  status: 200,
  headers: [],
  contentType: '',
  pipe: nothing,
  resume: nothing,
  discard: nothing,
  cancel: nothing,
  onEnd: (listener: (error: '', stalled: boolean) => void) => listener('', false),
}
const bare: Call = () => Promise.resolve({ kind: 'response', response })

const breaker = new Breaker(
  {
    consecutiveFailures: 5,
    failurePercent: 50,
    minimumRequests: 20,
    windowMs: 10_000,
    openMs: 30_000,
    halfOpenRequests: 1,
  },
  { now, onState: nothing },
)
const budget = new RetryBudget({ percent: 20, minPerSecond: 10, now })
const limit = new TokenBucket({ requests: 10_000_000, intervalMs: 1000, burst: 10_000_000, now })
const semaphore = new Semaphore({ maxParallel: 1024, maxPending: 1024 })

const policies = {
  retry: retry({
    attempts: 2,
    backoffMs: 100,
    maxBackoffMs: 2000,
    codes: [502, 503, 504],
    on: ['ConnectFailure', 'Reset', 'Timeout'],
    retryAfterMaxMs: 30_000,
    nonIdempotent: false,
    keyHeader: 'idempotency-key',
    budget,
    clock,
    wallClock: Date.now,
    random: Math.random,
    observer,
  }),
  failFast: failFast({ breaker, observer }),
  rateLimit: rateLimit({ limit, onLimit: 'Fail', clock, observer }),
  concurrency: concurrency({ semaphore, observer }),
  circuitBreaker: circuitBreaker({ breaker, observer }),
}

class Deadline extends Timed {
  override onTimeout = nothing
}
const deadlines = new Timers(clock).forDuration(30_000)!
const withDeadline =
  (next: Call): Call =>
  (...given) => {
    const deadline = new Deadline()
    deadlines.start(deadline, now())
    return next(...given).then(outcome => {
      deadlines.stop(deadline)
      return outcome
    })
  }

const candidates: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(Object.entries(policies).map(([name, policy]) => [name, policy(bare)])),
  deadline: withDeadline(bare),
  'all of them': withDeadline(compose(Object.values(policies), bare)),
}

const requests = 200_000
const rounds = 7

/** Nanoseconds for one request with two legs. */
const measure = async (call: Call): Promise<number> => {
  const deadline = now() + 30_000
  const begin = now()
  for (let i = 0; i < requests; i++) {
    const context = () => ({
      running: undefined,
      cancelled: undefined,
      attempts: 0,
      deadline,
      trace: undefined,
    })
    await Promise.all([call(request, context()), call(request, context())])
  }
  return ((now() - begin) * 1e6) / requests
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const taken = new Map<string, number[]>(Object.keys(candidates).map(name => [name, []]))
for (let round = 0; round < rounds; round++) {
  for (const [name, call] of Object.entries(candidates)) {
    const without = await measure(bare)
    const cost = (await measure(call)) - without
    // The first round compiles.
    if (round > 0) taken.get(name)!.push(cost)
  }
}

console.log('| policy | ns for a request with two legs, median | lowest–highest |\n|---|---|---|')
for (const [name, costs] of taken) {
  const range = `${Math.round(Math.min(...costs))}–${Math.round(Math.max(...costs))}`
  console.log(`| ${name} | ${Math.round(median(costs))} | ${range} |`)
}
