import { describe, expect, it } from 'vitest'
import type { RouteStatus } from '../../src/api/status.ts'
import { sameStatus } from '../../src/controller/same-status.ts'

const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'all',
  lastTransitionTime: '2026-11-22T12:00:00Z',
} as const
const wanted: RouteStatus = { observedGeneration: 1, conditions: [ready], summary: { relays: '1/1' } }

describe('a status that is as it should be', () => {
  const same: readonly (readonly [string, unknown])[] = [
    ['another order of fields', { summary: { relays: '1/1' }, conditions: [ready], observedGeneration: 1 }],
    [
      'the same instant in other words',
      { ...wanted, conditions: [{ ...ready, lastTransitionTime: '2026-11-22T12:00:00.000Z' }] },
    ],
    ['a condition of somebody else', { ...wanted, conditions: [{ ...ready, type: 'Somebodys' }, ready] }],
    ['a field of somebody else', { ...wanted, more: true }],
    ['nothing left out', { ...wanted, workloads: [], truncated: false }],
  ]
  it.each(same)('may have %s', (_what, current) => expect(sameStatus(current, wanted)).toBe(true))

  const other: readonly (readonly [string, unknown])[] = [
    ['is missing', undefined],
    ['is of another generation', { ...wanted, observedGeneration: 2 }],
    ['lacks a condition', { ...wanted, conditions: [] }],
    ['has one of ours too many', { ...wanted, conditions: [ready, { ...ready, type: 'Overridden' }] }],
    ['has another message', { ...wanted, conditions: [{ ...ready, message: 'some' }] }],
    ['has another summary', { ...wanted, summary: { relays: '0/1' } }],
    ['has no list of conditions', { ...wanted, conditions: 'none' }],
  ]
  it.each(other)('is none when it %s', (_what, current) => expect(sameStatus(current, wanted)).toBe(false))
})
