import { isDeepStrictEqual } from 'node:util'
import { conditionTypes } from '../api/labels.ts'
import type { RouteStatus } from '../api/status.ts'

/**
 * Whether an object already says what it should. Only fields and conditions of ours are compared: what others add
 * is theirs, and must not make us write for ever.
 */
export const sameStatus = (current: unknown, wanted: RouteStatus): boolean =>
  isDeepStrictEqual(comparable(current), comparable(wanted))

const comparable = (status: unknown): unknown => {
  const { observedGeneration, conditions, summary, workloads, truncated } = (status ?? {}) as RouteStatus
  const ours = (Array.isArray(conditions) ? conditions : []).filter(({ type }) =>
    (conditionTypes as readonly string[]).includes(type),
  )
  return {
    observedGeneration,
    conditions: ours
      .map(({ lastTransitionTime, ...condition }) => ({ ...condition, at: Date.parse(lastTransitionTime) }))
      .sort((a, b) => (a.type < b.type ? -1 : 1)),
    summary: { ...summary },
    workloads: workloads ?? [],
    truncated: truncated ?? false,
  }
}
