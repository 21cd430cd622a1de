import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LabelRequirement, LabelSelector } from '../../src/api/label-selector.ts'
import { labelSelector } from '../../src/api/label-selector.ts'
import { matchesLabels } from '../../src/api/match-labels.ts'
import { selectorCovers } from '../../src/controller/selector-covers.ts'

describe('a label selector', () => {
  const labels = { app: 'checkout', tier: 'web', empty: '' }
  const cases: readonly (readonly [LabelSelector | undefined, boolean])[] = [
    [undefined, true],
    [{ matchLabels: { app: 'checkout' } }, true],
    [{ matchLabels: { app: 'checkout', tier: 'api' } }, false],
    [{ matchLabels: { empty: '' } }, true],
    [{ matchLabels: { absent: '' } }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['api', 'web'] }] }, true],
    [{ matchExpressions: [{ key: 'absent', operator: 'In', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['api'] }] }, true],
    [{ matchExpressions: [{ key: 'absent', operator: 'NotIn', values: ['api'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'absent', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'absent', operator: 'DoesNotExist' }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [
      { matchLabels: { app: 'checkout' }, matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
      false,
    ],
  ]
  it.each(cases.map(([selector, matches]) => ({ text: JSON.stringify(selector), selector, matches })))(
    'decides $text',
    ({ selector, matches }) => expect(matchesLabels(selector, labels)).toBe(matches),
  )

  it('is bounded', () => {
    const values = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`)
    const requirement = (count: number) => ({ key: 'tier', operator: 'In', values: values(count) })
    expect(labelSelector.safeParse({ matchExpressions: [requirement(16)] }).success).toBe(true)
    expect(labelSelector.safeParse({ matchExpressions: [requirement(17)] }).success).toBe(false)
    expect(labelSelector.safeParse({ matchExpressions: values(17).map(() => requirement(1)) }).success).toBe(
      false,
    )
  })
})

describe('a selector that covers another', () => {
  const key = fc.constantFrom('a', 'b')
  const value = fc.constantFrom('1', '2', '3')
  const values = fc.uniqueArray(value, { minLength: 1, maxLength: 3 })
  const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
    fc.record({ key, operator: fc.constantFrom('In' as const, 'NotIn' as const), values }),
    fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
  )
  const selector: fc.Arbitrary<LabelSelector> = fc.record({
    matchLabels: fc.dictionary(key, value, { maxKeys: 2 }),
    matchExpressions: fc.array(requirement, { maxLength: 3 }),
  })
  const labels = fc.dictionary(key, value, { maxKeys: 2 })

  it('takes whatever the other takes', () => {
    fc.assert(
      fc.property(selector, selector, labels, (outer, inner, given) => {
        fc.pre(selectorCovers(outer, inner) && matchesLabels(inner, given))
        expect(matchesLabels(outer, given)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is itself, and none at all', () => {
    fc.assert(
      fc.property(selector, given => {
        expect(selectorCovers(given, given)).toBe(true)
        expect(selectorCovers(undefined, given)).toBe(true)
      }),
      { numRuns: 100 },
    )
    expect(selectorCovers({ matchLabels: { a: '1' } }, undefined)).toBe(false)
  })
})
