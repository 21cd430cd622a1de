import { describe, expect, it } from 'vitest'
import * as labelRules from '../../src/api/label-rules.ts'
import * as policyRules from '../../src/api/policy-rules.ts'
import * as rules from '../../src/api/rules.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { ruleCases } from './rule-cases.ts'
import { routeObject, snapshotOf } from './snapshot.ts'

const errorsOf = (spec: Readonly<Record<string, unknown>>) =>
  planRoutes(snapshotOf([routeObject('orders', spec)]))
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)
    // Says what becomes of a route whose only match is refused.
    .filter(code => code !== 'FR0048')

describe('rules', () => {
  it.each(ruleCases.map(({ code, rejected }) => ({ code, text: JSON.stringify(rejected), rejected })))(
    '$code refuses $text, and it alone does',
    ({ code, rejected }) => expect(errorsOf(rejected)).toEqual([code]),
  )

  it.each(
    ruleCases.flatMap(({ code, accepted }) =>
      accepted.map(spec => ({ code, text: JSON.stringify(spec), spec })),
    ),
  )('$code accepts $text', ({ spec }) => expect(errorsOf(spec)).toEqual([]))

  it('all have a case', () => {
    const known = Object.values({ ...rules, ...policyRules, ...labelRules }).flatMap(list =>
      typeof list === 'string' ? [] : list.map(({ code }) => code),
    )
    expect([...new Set(ruleCases.map(({ code }) => code))].sort()).toEqual([...new Set(known)].sort())
  })
})
