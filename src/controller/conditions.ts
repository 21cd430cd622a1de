import { type ConditionReason, type ConditionType, conditionTypes, reasons } from '../api/labels.ts'
import { type Condition, maxMessageLength } from '../api/status.ts'

/** What is found out about one condition, before it is known when it came to be so. */
export interface Finding {
  readonly status: Condition['status']
  readonly reason: ConditionReason
  readonly message: string
}

export type Findings = Readonly<Partial<Record<ConditionType, Finding>>>

const cut = ' (message truncated)'

/** A message that fits a condition. */
const boundedMessage = (message: string): string =>
  message.length <= maxMessageLength
    ? message
    : // Half a surrogate pair is no text.
      `${message.slice(0, maxMessageLength - cut.length).replace(/[\ud800-\udbff]$/, '')}${cut}`

/** Ready says the first thing that stands in the way, or that nothing does. */
export const summarise = (findings: readonly Finding[]): Finding => {
  const first = findings.find(({ status }) => status !== 'True')
  if (first) return first
  return { status: 'True', reason: reasons.ready, message: findings.at(-1)?.message ?? '' }
}

export interface Moment {
  /** metadata.generation that was looked at. */
  readonly generation: number | undefined
  /** RFC 3339, in whole seconds. */
  readonly now: string
}

/** Findings as conditions. The time of a transition stays as it was unless the status changes. */
export const toConditions = (
  findings: Findings,
  before: readonly Condition[],
  { generation, now }: Moment,
): readonly Condition[] =>
  conditionTypes.flatMap(type => {
    const finding = findings[type]
    if (!finding) return []
    const { status, reason, message } = finding
    const last = before.find(condition => condition.type === type)
    const lastTransitionTime = last?.status === status ? last.lastTransitionTime : now
    return [
      {
        type,
        status,
        reason,
        message: boundedMessage(message),
        lastTransitionTime,
        ...(generation !== undefined && { observedGeneration: generation }),
      },
    ]
  })
