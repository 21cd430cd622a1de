import type { LabelRequirement, LabelSelector } from '../api/label-selector.ts'
import { requirementsOf } from '../api/match-labels.ts'

/**
 * Whether every pod that `inner` takes is sure to be taken by `outer` too, whatever pods there are. Routes hide
 * each other only on relays that serve both.
 */
export const selectorCovers = (
  outer: LabelSelector | undefined,
  inner: LabelSelector | undefined,
): boolean => {
  const given = requirementsOf(inner)
  return requirementsOf(outer).every(wanted => given.some(known => implies(known, wanted)))
}

const implies = (known: LabelRequirement, wanted: LabelRequirement): boolean => {
  if (known.key !== wanted.key) return false
  const values = known.values ?? []
  const others = wanted.values ?? []
  switch (wanted.operator) {
    case 'In':
      return known.operator === 'In' && values.every(value => others.includes(value))
    case 'Exists':
      return known.operator === 'In' || known.operator === 'Exists'
    case 'DoesNotExist':
      return known.operator === 'DoesNotExist'
    case 'NotIn':
      if (known.operator === 'NotIn') return others.every(value => values.includes(value))
      if (known.operator === 'In') return !values.some(value => others.includes(value))
      return known.operator === 'DoesNotExist'
  }
}
