import { formatSpan } from './format-span.ts'

/** Time from left to right over `columns` characters. */
export interface Axis {
  readonly columns: number
  /** The character in which an instant lies, from 0 to `columns`. */
  at(ms: number): number
  /** Marks and what they stand for: two lines. */
  readonly lines: readonly [labels: string, marks: string]
}

/** An axis from 0 to `spanMs`, with marks at round instants. */
export const createAxis = (spanMs: number, columns: number): Axis => {
  const span = Math.max(spanMs, 1)
  const at = (ms: number): number => Math.min(columns, Math.max(0, Math.round((ms / span) * columns)))
  const step = stepOf(span, Math.floor(columns / 9))
  const labels = Array<string>(columns + 8).fill(' ')
  const marks = Array<string>(columns).fill(' ')
  for (let ms = 0; ms <= span; ms += step) {
    const column = at(ms)
    if (column >= columns) break
    marks[column] = '|'
    for (const [i, letter] of [...formatSpan(ms)].entries()) labels[column + i] = letter
  }
  return { columns, at, lines: [labels.join('').trimEnd(), marks.join('').trimEnd()] }
}

/** 1, 2 or 5 of a power of ten, so that there are at most `most` of them. */
const stepOf = (span: number, most: number): number => {
  const power = 10 ** Math.floor(Math.log10(span / most))
  return power * ([1, 2, 5].find(factor => factor * power * most >= span) ?? 10)
}
