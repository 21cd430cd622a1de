import type { Spread } from './stats.ts'

/** Three significant figures at most: more would be noise. */
export function number(value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  return value.toFixed(size >= 10 ? 1 : 2)
}

/** `median (min–max)`, or a dash for what could not be measured. */
export function cell(spread: Spread | undefined): string {
  if (!spread) return '-'
  if (spread.min === spread.max) return number(spread.median)
  return `${number(spread.median)} (${number(spread.min)}–${number(spread.max)})`
}

/** A Markdown table, padded so that it reads in a terminal as well. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map(row => (row[index] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |`
  return [line(columns), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
