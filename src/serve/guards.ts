import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Memory } from '../relay/budget.ts'
import { Overload } from '../relay/overload.ts'
import type { Refusals } from '../relay/overload-refusals.ts'
import { systemLoop } from './loop-lag.ts'
import { MemoryGuard } from './memory-guard.ts'
import { garbageCollector, memoryLimit } from './memory-guard-limit.ts'

/** `undefined` where the process may use as much as there is. */
export const guardMemory = (logger: Logger): Memory | undefined => {
  const limitBytes = memoryLimit()
  if (limitBytes === 0) return undefined
  return new MemoryGuard({
    limitBytes,
    clock: systemClock,
    collect: garbageCollector(),
    onChange: (level, rssBytes) => {
      const calm = level === 'free'
      logger[calm ? 'info' : 'warn'](
        { level, rssBytes, limitBytes },
        calm ? 'memory is free again' : 'memory is short',
      )
    },
  })
}

/** `undefined` for 0: nothing is refused for want of time. */
export const createOverload = (
  maxTurnMs: number,
  refusals: Refusals,
  logger: Logger,
): Overload | undefined => {
  if (maxTurnMs === 0) return undefined
  return new Overload({
    loop: systemLoop,
    refusals,
    maxTurnMs,
    onChange: (overloaded, refused) => {
      if (overloaded)
        logger.warn({ maxDelayMs: maxTurnMs }, 'overloaded: requests there is no time for are refused')
      else logger.info({ refused }, 'overload over')
    },
  })
}
