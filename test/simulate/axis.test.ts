import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAxis } from '../../src/simulate/axis.ts'

test.each([
  [500, '0ms       100ms     200ms     300ms     400ms'],
  [2000, '0ms          500ms       1s           1.5s'],
  [3, '0ms              1ms             2ms'],
])('an axis of %i ms has marks at round times', (span, labels) => {
  expect(createAxis(span, 50).lines[0]).toBe(labels)
})

test('instants keep their order and stay on the axis, and there are few marks', () => {
  const positive = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(positive, positive, positive, (span, one, other) => {
      const axis = createAxis(span, 50)
      const [early, late] = [Math.min(one, other), Math.max(one, other)]
      expect(axis.at(early)).toBeLessThanOrEqual(axis.at(late))
      expect(axis.at(late)).toBeLessThanOrEqual(50)
      const marks = axis.lines[1].replaceAll(' ', '').length
      expect(marks).toBeGreaterThanOrEqual(1)
      expect(marks).toBeLessThanOrEqual(6)
    }),
    { numRuns: 200 },
  )
})
