import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { BreakerState } from '../../core/observer.ts'
import type { ListenToPolicies } from '../metrics/policy-series.ts'

/** A shared limit that falls back again after as long without is in another outage. */
const outageEndsAfterMs = 60_000

const changes: Readonly<Record<BreakerState, string>> = {
  closed: 'circuit breaker closed',
  open: 'circuit breaker opened',
  half_open: 'circuit breaker half open',
}

/** One line for each change of a breaker, and one for each outage of the store of a shared limit. */
export const createPolicyLog =
  (logger: Logger, clock: Clock): ListenToPolicies =>
  (route, upstream) => {
    const whose = upstream === '' ? { route } : { route, upstream }
    let fellBackAt = Number.NEGATIVE_INFINITY
    return {
      breakerChanged: state => {
        logger[state === 'open' ? 'warn' : 'info']({ ...whose, state }, changes[state])
      },
      limitFellBack: () => {
        const now = clock.now()
        const another = now - fellBackAt >= outageEndsAfterMs
        fellBackAt = now
        if (another) logger.warn(whose, 'shared rate limit out of reach: this relay counts by itself')
      },
    }
  }
