import type { LegOutcome } from '../core/observer.ts'
import type { AnswerPolicy } from './route.ts'

/** Whether `response.success` holds; `undefined` = not yet known. */
export type Verdict = 'holds' | 'broken' | undefined

interface LegView {
  readonly outcome: LegOutcome
  readonly compiled: { readonly index: number; readonly role: string }
}

/** `legs` are the awaited ones. A skipped leg neither succeeds nor breaks the rule. */
export const decide = (policy: AnswerPolicy, legs: readonly LegView[]): Verdict => {
  switch (policy.success) {
    case 'All':
      return decideAll(legs)
    case 'Any':
    case 'First':
      return decideCount(legs, 1)
    case 'Quorum':
      return decideCount(legs, policy.quorum)
    case 'Primary':
      return decideOne(legs.find(leg => leg.compiled.index === policy.from))
  }
}

const decideAll = (legs: readonly LegView[]): Verdict => {
  let verdict: Verdict = 'holds'
  for (const { outcome, compiled } of legs) {
    if (compiled.role !== 'Required') continue
    if (outcome === 'failure' || outcome === 'cancelled') return 'broken'
    if (outcome === 'pending') verdict = undefined
  }
  return verdict
}

const decideCount = (legs: readonly LegView[], needed: number): Verdict => {
  let succeeded = 0
  let pending = 0
  for (const { outcome } of legs) {
    if (outcome === 'success') succeeded++
    else if (outcome === 'pending') pending++
  }
  if (succeeded >= needed) return 'holds'
  return succeeded + pending < needed ? 'broken' : undefined
}

const decideOne = (leg: LegView | undefined): Verdict => {
  if (leg?.outcome === 'pending') return undefined
  return leg?.outcome === 'success' ? 'holds' : 'broken'
}
