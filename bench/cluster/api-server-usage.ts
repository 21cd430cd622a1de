import { setTimeout as pause } from 'node:timers/promises'
import { cpuMicros, rssMiB } from '../process/usage.ts'
import type { ClusterBench } from './bench.ts'
import { sumOf } from './relay.ts'

/** What the API server used in a stretch of time, by the kernel's account. */
export interface Usage {
  readonly cpuSecondsPerMinute: number
  readonly rssMiB: number
}

export const usageOf = async ({ plane }: ClusterBench, seconds: number): Promise<Usage> => {
  const pid = plane.pids.apiServer
  const before = cpuMicros(pid)
  const startedAt = performance.now()
  await pause(seconds * 1_000)
  const passed = performance.now() - startedAt
  return { cpuSecondsPerMinute: ((cpuMicros(pid) - before) / 1e6 / passed) * 60_000, rssMiB: rssMiB(pid) }
}

/** CPU seconds it used while something happened, and until it was quiet again. */
export const cpuSecondsOf = async <T>(
  { plane }: ClusterBench,
  act: () => Promise<T>,
): Promise<{ readonly seconds: number; readonly result: T }> => {
  const pid = plane.pids.apiServer
  const before = cpuMicros(pid)
  const result = await act()
  await pause(1_000)
  return { seconds: (cpuMicros(pid) - before) / 1e6, result }
}

/** Memory in use by Go right after a collection: what is left is needed. */
export const heapMiB = async ({ plane }: ClusterBench): Promise<number> => {
  const { status } = await plane.request('GET', '/debug/pprof/heap?gc=1')
  if (status !== 200) throw new Error(`/debug/pprof/heap: ${status}`)
  const { text } = await plane.request('GET', '/metrics')
  const names = ['go_memstats_heap_alloc_bytes', 'go_memstats_stack_inuse_bytes']
  return names.reduce((total, name) => total + sumOf(text, name), 0) / 2 ** 20
}
