import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LegOutcome } from '../../src/core/observer.ts'
import { decide, type Verdict } from '../../src/relay/decide.ts'
import type { AnswerPolicy } from '../../src/relay/route.ts'

const policy = (success: AnswerPolicy['success'], more: Partial<AnswerPolicy> = {}): AnswerPolicy => ({
  success,
  quorum: 0,
  from: -1,
  body: 'Envelope',
  statuses: { success: 200, partial: 207, failed: 502 },
  streamed: false,
  ...more,
})

const letters: Readonly<Record<string, LegOutcome>> = {
  s: 'success',
  f: 'failure',
  k: 'skipped',
  c: 'cancelled',
  p: 'pending',
}

/** `s` and so on for Required legs, upper case for Optional ones. */
const legs = (text: string) =>
  [...text].map((letter, index) => ({
    outcome: letters[letter.toLowerCase()]!,
    compiled: { index, role: letter === letter.toUpperCase() ? 'Optional' : 'Required' },
  }))

const check = (answer: AnswerPolicy, table: Readonly<Record<string, Verdict>>) => {
  for (const [text, verdict] of Object.entries(table))
    expect([text, decide(answer, legs(text))]).toEqual([text, verdict])
}

describe('decide', () => {
  test('All: every Required leg', () => {
    check(policy('All'), {
      ss: 'holds',
      sp: undefined,
      fp: 'broken',
      sc: 'broken',
      sF: 'holds',
      sP: 'holds',
      sk: 'holds',
      pF: undefined,
    })
  })

  test.each(['Any', 'First'] as const)('%s: one leg', success => {
    check(policy(success), {
      sp: 'holds',
      fp: undefined,
      ff: 'broken',
      fS: 'holds',
      fk: 'broken',
      fc: 'broken',
    })
  })

  test('Quorum: as many as asked for, and broken as soon as they cannot be reached', () => {
    check(policy('Quorum', { quorum: 2 }), {
      ssp: 'holds',
      spp: undefined,
      sfp: undefined,
      sff: 'broken',
      ffp: 'broken',
      sfS: 'holds',
      skk: 'broken',
    })
  })

  test('Primary: the leg named by from', () => {
    check(policy('Primary', { from: 1 }), { fs: 'holds', sf: 'broken', sp: undefined, sc: 'broken' })
  })

  test('a verdict is final: whatever pending legs become', () => {
    const answers = [
      policy('All'),
      policy('Any'),
      policy('Quorum', { quorum: 2 }),
      policy('Primary', { from: 0 }),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...answers),
        fc.array(fc.constantFrom(...'sfkcpSFKCP'), { minLength: 2, maxLength: 6 }),
        fc.array(fc.constantFrom(...'sfkc'), { minLength: 6, maxLength: 6 }),
        (answer, now, ends) => {
          const verdict = decide(answer, legs(now.join('')))
          const end = now.map((letter, i) =>
            letter === 'p' ? ends[i]! : letter === 'P' ? ends[i]!.toUpperCase() : letter,
          )
          const final = decide(answer, legs(end.join('')))
          expect(final).toBeDefined()
          if (verdict !== undefined) expect(final).toBe(verdict)
        },
      ),
    )
  })
})
