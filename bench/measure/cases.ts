import type { Mode } from '../launch/candidate.ts'
import type { RequestShape } from '../load/orders.ts'

/** A row of the main comparison. */
export interface Case {
  readonly name: string
  readonly title: string
  readonly mode: Mode
  readonly request: RequestShape
  /** For the latency figures: low enough for every candidate on one core. */
  readonly ratePerSecond: number
}

const paths = ['/orders/4711']

export const requestCases: readonly Case[] = [
  {
    name: 'get',
    title: 'GET, primary + shadow',
    mode: 'shadow',
    request: { method: 'GET', paths, bodyBytes: 0 },
    ratePerSecond: 300,
  },
  {
    name: 'post-1kb',
    title: 'POST 1 KB, primary + shadow',
    mode: 'shadow',
    request: { method: 'POST', paths, bodyBytes: 1024 },
    ratePerSecond: 300,
  },
  {
    name: 'post-1kb-aggregated',
    title: 'POST 1 KB, two awaited legs in one answer',
    mode: 'aggregate',
    request: { method: 'POST', paths, bodyBytes: 1024 },
    ratePerSecond: 300,
  },
  {
    name: 'post-100kb',
    title: 'POST 100 KB, primary + shadow',
    mode: 'shadow',
    request: { method: 'POST', paths, bodyBytes: 102_400 },
    ratePerSecond: 100,
  },
]

/** Measured apart: an upload is no request among thousands. */
export const uploadCase = { name: 'upload-10mb', title: 'POST 10 MB streamed, the shadow reading 10 MB/s' }

/** One of each kind, for a run that only has to show that everything runs. */
export const quickCaseNames: readonly string[] = ['post-1kb', 'post-1kb-aggregated', uploadCase.name]

export const caseNames: readonly string[] = [...requestCases.map(({ name }) => name), uploadCase.name]
