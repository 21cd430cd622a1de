import { expect, test } from 'vitest'
import { painter } from '../../src/simulate/paint.ts'
import type { CallerAnswer, TryRecord } from '../../src/simulate/record.ts'
import { renderWaterfall } from '../../src/simulate/render-waterfall.ts'
import type { Waterfall } from '../../src/simulate/report.ts'

const tried = (leg: string, number: number, startMs: number, endMs: number | undefined): TryRecord => ({
  leg,
  role: 'Required',
  number,
  kind: 'first',
  startMs,
  queued: false,
  arrivedMs: startMs,
  endMs,
  status: 200,
  error: '',
})

const answer: CallerAnswer = {
  atMs: 500,
  status: 207,
  outcome: 'partial',
  complete: true,
  headers: [],
  body: '',
}

const render = (more: Partial<Waterfall>, colour = false): string => {
  const waterfall = { why: 'request 1', number: 1, untilMs: 500, tries: [], answer, ...more }
  const lines = renderWaterfall(waterfall, ['inventory', 'crm'], painter(colour))
  return `\n${lines.map(line => line.trimEnd()).join('\n')}\n`
}

test('one bar for each try on a common axis, waits shaded, the answer below', () => {
  const tries: TryRecord[] = [
    tried('inventory', 1, 0, 400),
    { ...tried('inventory', 2, 100, 250), kind: 'hedge' },
    { ...tried('crm', 1, 0, 50), status: 503, error: 'http_status' },
    { ...tried('crm', 2, 150, 350), kind: 'retry', queued: true, arrivedMs: 300 },
    { ...tried('crm', 3, 500, 500), kind: 'retry', arrivedMs: undefined, status: 0, error: 'circuit_open' },
  ]
  expect(render({ tries })).toBe(`
request 1
                    0ms       100ms     200ms     300ms     400ms
                    |         |         |         |         |
inventory #1        ████████████████████████████████████████             400ms  200
          #2 hedge            ███████████████                            150ms  200
crm       #1        █████                                                 50ms  503
          #2 retry       ░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒█████                   50ms  200  queued 150ms
          #3 retry                                     ░░░░░░░░░░░░░░×     0ms  circuit_open
caller              ─────────────────────────────────────────────────▶   500ms  207  partial
                    █ at the upstream   ░ wait before a retry   ▒ wait for a slot or a token   × refused, nothing sent
`)
})

test('a leg that was not asked says so, and the answer of a leg that is passed on is marked', () => {
  const passedOn: CallerAnswer = { ...answer, headers: ['X-FanOut-Simulated-By', 'inventory 1'] }
  const text = render({ tries: [tried('inventory', 1, 0, 500)], answer: passedOn })
  expect(text).toMatch(/inventory #1 .* 200 {2}to the caller\n/)
  expect(text).toMatch(/crm +not sent\n/)
})

test('what has not ended is drawn to the end of the axis', () => {
  const open: TryRecord = { ...tried('inventory', 1, 0, undefined), status: 0 }
  const text = render({ why: '', tries: [open], answer: undefined })
  expect(text).toMatch(/^\n +0ms/)
  expect(text).toMatch(/inventory #1 {2}█{50} +still under way\n/)
  expect(text).toMatch(/caller +─{50} +no answer yet\n/)
})

test('an answer that stopped short and one that never came are told apart', () => {
  expect(render({ answer: { ...answer, status: 200, outcome: 'failed', complete: false } })).toMatch(
    /500ms {2}200 {2}failed {2}cut short\n/,
  )
  expect(render({ answer: { ...answer, status: 0, outcome: 'failed', complete: false } })).toMatch(
    /500ms {2}no answer\n/,
  )
})

test('no line of names that are not too long is wider than 120 characters', () => {
  const leg = 'a'.repeat(63)
  const worst: TryRecord = {
    ...tried(leg, 10, 100, 500),
    kind: 'retry',
    status: 0,
    error: 'http_response_incomplete',
  }
  const waterfall = { why: '', number: 1, untilMs: 500, tries: [worst], answer }
  const lines = renderWaterfall(waterfall, [leg], painter(false))
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120)
})

test('colour is there when it is asked for and nowhere else', () => {
  const tries = [tried('inventory', 1, 0, 500)]
  expect(render({ tries }, true)).toContain('\x1b[32m')
  expect(render({ tries })).not.toContain('\x1b')
})
