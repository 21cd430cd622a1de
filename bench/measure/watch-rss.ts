import { setTimeout as sleep } from 'node:timers/promises'
import { rssMiB } from '../process/usage.ts'

/** Follows a process tree's memory; `stop` returns the highest value seen. */
export function watchRss(pid: number, everyMs = 50): { stop(): number } {
  let peak = rssMiB(pid)
  const look = () => {
    peak = Math.max(peak, rssMiB(pid))
  }
  const timer = setInterval(look, everyMs)
  return {
    stop() {
      clearInterval(timer)
      look()
      return peak
    },
  }
}

/** Memory once it stands still: the first reading that differs little from the one before. */
export async function steadyRss(pid: number, maxMs = 6000): Promise<number> {
  const giveUp = performance.now() + maxMs
  let before = rssMiB(pid)
  for (;;) {
    await sleep(Math.min(1000, maxMs))
    const now = rssMiB(pid)
    if (Math.abs(now - before) < 0.5 || performance.now() > giveUp) return now
    before = now
  }
}
