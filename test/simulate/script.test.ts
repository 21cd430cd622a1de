import { describe, expect, test } from 'vitest'
import {
  type Arrival,
  always,
  behaviourOf,
  defaultDelayMs,
  type Failure,
  type LegScript,
  type Rule,
} from '../../src/simulate/script.ts'

const down: Failure = { kind: 'status', status: 503 }
const reset: Failure = { kind: 'reset' }

const failing = (...failures: Rule<Failure>[]): LegScript => ({ delays: [], failures })

const arrival = (more: Partial<Arrival> = {}): Arrival => ({ name: 'crm/1.1', earlier: 0, atMs: 0, ...more })

const fails = (script: LegScript, more: Partial<Arrival> = {}): Failure | undefined =>
  behaviourOf(script, 1, arrival(more)).failure

test('without rules a leg answers after the default delay', () => {
  expect(behaviourOf(failing(), 1, arrival())).toEqual({ delayMs: defaultDelayMs, failure: undefined })
})

test('the first rule that applies counts', () => {
  const script = failing(
    { what: reset, when: { kind: 'first', count: 1 } },
    { what: down, when: { kind: 'first', count: 3 } },
  )
  expect([0, 1, 2, 3].map(earlier => fails(script, { earlier }))).toEqual([reset, down, down, undefined])
})

test('a time begins with its first instant and ends before its last', () => {
  const script = failing({ what: down, when: { kind: 'between', fromMs: 1000, toMs: 2000 } })
  expect([999, 1000, 1999, 2000].map(atMs => fails(script, { atMs }))).toEqual([
    undefined,
    down,
    down,
    undefined,
  ])
})

describe('what is drawn', () => {
  const names = Array.from({ length: 2000 }, (_, request) => `crm/${request}.1`)
  const shareOf = (percent: number, seed: number): readonly boolean[] => {
    const script = failing({ what: down, when: { kind: 'share', percent } })
    return names.map(name => behaviourOf(script, seed, arrival({ name })).failure !== undefined)
  }

  test('is the same for the same seed, and another for another', () => {
    expect(shareOf(30, 1)).toEqual(shareOf(30, 1))
    expect(shareOf(30, 1)).not.toEqual(shareOf(30, 2))
  })

  test('does not depend on what came to the leg before', () => {
    const script = failing({ what: down, when: { kind: 'share', percent: 50 } })
    for (const name of names.slice(0, 50))
      expect(fails(script, { name, earlier: 0 })).toEqual(fails(script, { name, earlier: 99 }))
  })

  test.each([5, 30, 100])('is about %i %% of the requests', percent => {
    const count = shareOf(percent, 7).filter(Boolean).length
    expect(Math.abs(count / names.length - percent / 100)).toBeLessThan(0.03)
  })

  test('a delay lies in its range, and not always at the same place', () => {
    const script: LegScript = { delays: [{ what: { fromMs: 100, toMs: 900 }, when: always }], failures: [] }
    const delays = names.map(name => behaviourOf(script, 1, arrival({ name })).delayMs)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...delays)).toBeLessThan(900)
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(700)
  })

  test('two shares of one leg are drawn apart', () => {
    const half = { kind: 'share', percent: 50 } as const
    const script = failing({ what: reset, when: half }, { what: down, when: half })
    const drawn = names.map(name => fails(script, { name })?.kind)
    for (const kind of ['reset', 'status', undefined] as const)
      expect(drawn.filter(each => each === kind).length).toBeGreaterThan(300)
  })
})
