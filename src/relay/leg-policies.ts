import type { Policy } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import type { Limit } from '../core/limit.ts'
import type { LegObserver } from '../core/observer.ts'
import type { Timers } from '../core/timer-list.ts'
import type { PlannedLeg, ServedRoute } from '../plan/types.ts'
import { Breaker } from '../policies/breaker.ts'
import { circuitBreaker } from '../policies/circuit-breaker.ts'
import { concurrency } from '../policies/concurrency.ts'
import { failFast } from '../policies/fail-fast.ts'
import { hedge } from '../policies/hedge.ts'
import { rateLimit } from '../policies/rate-limit.ts'
import { retry } from '../policies/retry.ts'
import { countRequests, type RetryBudget } from '../policies/retry-budget.ts'
import { Semaphore } from '../policies/semaphore.ts'
import { traced } from './traced.ts'

/** What the policies of one leg are made of. */
export interface PolicyParts {
  readonly clock: Clock
  /** From 0 to 1, for back-off. */
  readonly random: () => number
  readonly timers: Timers
  readonly observer: LegObserver
  /** Lower-case names of the headers that carry the trace; `undefined` when nothing is traced. */
  readonly traceFields: readonly string[] | undefined
  readonly budget: RetryBudget | undefined
  /** Keeps what must outlast this table, under a name that is unique within the leg. */
  keep<T extends object>(what: string, settings: object, make: () => T): T
  limit(settings: NonNullable<PlannedLeg['rateLimit']>): Limit
}

export interface NamedPolicy {
  readonly name: string
  readonly policy: Policy
}

/**
 * The policies of a leg in the order in which a request meets them, the outermost first. What the leg does
 * not use is not among them.
 *
 * The deadline is no policy of the chain: one timer of the exchange and one of the leg cancel whatever is
 * under way, back-off, queues and attempts alike. What waits looks at `context.deadline` only to leave out
 * waits that could not end in time.
 */
export const legPolicies = (
  leg: PlannedLeg,
  route: Pick<ServedRoute, 'idempotencyKey'>,
  parts: PolicyParts,
): readonly NamedPolicy[] => {
  const { clock, random, timers, observer, traceFields, budget } = parts
  const { name: upstream, role } = leg
  const keyHeader = (route.idempotencyKey?.header ?? defaultKeyHeader).toLowerCase()
  const breaker =
    leg.circuitBreaker &&
    parts.keep('breaker', leg.circuitBreaker, () => {
      const onState = observer.breaker.bind(observer)
      onState('closed')
      return new Breaker(leg.circuitBreaker!, { now: clock.now, onState })
    })
  const semaphore =
    leg.concurrency &&
    parts.keep('semaphore', leg.concurrency, () => {
      const { maxParallelRequests: maxParallel, maxPendingRequests: maxPending } = leg.concurrency!
      return new Semaphore({ maxParallel, maxPending })
    })
  const wallClock = Date.now
  const refuses = breaker && (() => breaker.refuses())

  const chain: readonly (readonly [name: string, policy: Policy | false | undefined])[] = [
    // Around everything that one try consists of: each try is counted, limited and traced by itself.
    [
      'retry',
      leg.retry &&
        budget &&
        retry({
          ...leg.retry,
          ...(refuses && { refuses }),
          keyHeader,
          budget,
          clock,
          wallClock,
          random,
          observer,
        }),
    ],
    // Within one try of retry, so that a hedged pair that fails is retried as one; both spend the same budget.
    ['countRequests', budget && !leg.retry && countRequests(budget)],
    [
      'hedge',
      leg.hedge &&
        budget &&
        hedge({
          delay: timers.forDuration(leg.hedge.delayMs)!,
          maxParallel: leg.hedge.maxParallel,
          ...(refuses && { refuses }),
          keyHeader,
          budget,
          clock,
          observer,
        }),
    ],
    // One span a try. Outside of what may refuse or delay it, so that the trace shows refusals and waits.
    ['traced', traceFields && traced({ upstream, role, server: serverOf(leg.origin), fields: traceFields })],
    // Before a token is spent or a slot is waited for: nobody queues for an upstream that is known to be down.
    ['failFast', breaker && (leg.rateLimit || leg.concurrency) && failFast({ breaker, observer })],
    // Before concurrency: whoever waits for a token must not hold a slot meanwhile.
    [
      'rateLimit',
      leg.rateLimit &&
        rateLimit({ limit: parts.limit(leg.rateLimit), onLimit: leg.rateLimit.onLimit, clock, observer }),
    ],
    ['concurrency', semaphore && concurrency({ semaphore, observer })],
    // At the moment of sending: what queued while the circuit was closed must not pass once it is open, and
    // the number of probes is exact.
    ['circuitBreaker', breaker && circuitBreaker({ breaker, observer })],
  ]
  return chain.flatMap(([name, policy]) => (policy ? [{ name, policy }] : []))
}

/** Callers may send it on routes without `idempotencyKey` too, and mean the same by it. */
const defaultKeyHeader = 'Idempotency-Key'

/** `http://inventory.shop.svc:8080` -> its host and port. */
const serverOf = (origin: string): { readonly address: string; readonly port: number } => {
  const { protocol, hostname, port } = new URL(origin)
  return { address: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
