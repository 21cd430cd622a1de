import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Child, startChild } from '../process/child.ts'
import type { WatchJob, WatchReport } from './watch-job.ts'

type Report<T extends WatchReport['type']> = Extract<WatchReport, { readonly type: T }>

/** A process with many reflectors. */
export interface Watchers {
  /** Starts them; resolves when all have an open watch. */
  start(): Promise<Report<'watching'>>
  /** When all were told of the `changes`th change. */
  seen(changes: number): Promise<Report<'seen'>>
  figures(): Promise<Report<'figures'>>
  stop(): Promise<void>
}

const program = join(import.meta.dirname, 'watch-process.ts')

export const startWatchers = async (job: WatchJob): Promise<Watchers> => {
  const child = startChild([process.execPath, program, JSON.stringify(job)], { ipc: true })
  await next(child, 'loaded')
  const ask = <T extends WatchReport['type']>(message: string, type: T): Promise<Report<T>> => {
    const answer = next(child, type)
    child.process.send(message)
    return answer
  }
  return {
    start: () => ask('start', 'watching'),
    seen: changes => next(child, 'seen', report => report.changes === changes),
    figures: () => ask('figures', 'figures'),
    stop: () => child.stop(),
  }
}

/** The next report of this kind, listened for from the call on. @throws Error when the process ends, or after 60 s */
const next = async <T extends WatchReport['type']>(
  child: Child,
  type: T,
  isMeant: (report: Report<T>) => boolean = () => true,
): Promise<Report<T>> => {
  let found: Report<T> | undefined
  const take = (message: unknown): void => {
    const report = message as WatchReport
    if (report.type === type && isMeant(report as Report<T>)) found ??= report as Report<T>
  }
  child.process.on('message', take)
  try {
    for (const until = performance.now() + 60_000; !found; await pause(20)) {
      if (child.process.exitCode !== null) throw new Error(`watches ended: ${child.complaint()}`)
      if (performance.now() > until) throw new Error(`no "${type}" from the watches within 60 s`)
    }
    return found
  } finally {
    child.process.off('message', take)
  }
}
