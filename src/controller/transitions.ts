import { type EventReason, eventReasons } from '../api/labels.ts'
import type { Condition } from '../api/status.ts'

/** Something about an object that became so, worth an event. */
export interface Transition {
  readonly type: 'Normal' | 'Warning'
  readonly reason: EventReason
  readonly note: string
}

/**
 * What changed between two sets of conditions. What stays as it is gives no event, however often it is looked at.
 */
export const transitionsBetween = (
  before: readonly Condition[],
  after: readonly Condition[],
): readonly Transition[] =>
  watched.flatMap(({ condition, status, type, reason }) => {
    const now = after.find(found => found.type === condition)
    if (now?.status !== status) return []
    if (before.find(found => found.type === condition)?.status === status) return []
    return [{ type, reason, note: now.message }]
  })

const watched = [
  { condition: 'Accepted', status: 'True', type: 'Normal', reason: eventReasons.accepted },
  { condition: 'Accepted', status: 'False', type: 'Warning', reason: eventReasons.rejected },
  { condition: 'ResolvedRefs', status: 'False', type: 'Warning', reason: eventReasons.refNotFound },
  { condition: 'Overridden', status: 'True', type: 'Warning', reason: eventReasons.overridden },
] as const
