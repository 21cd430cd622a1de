import { number, table } from '../report/format.ts'
import { type Figure, type Section, verdict } from '../report/section.ts'

/** The report for people: Markdown that reads well in a terminal. */
export const print = (
  environment: Readonly<Record<string, unknown>>,
  sections: readonly Section[],
  failures: readonly string[],
): string => {
  const parts = [
    Object.entries(environment)
      .map(([key, value]) => `- ${key}: ${value}`)
      .join('\n'),
  ]
  for (const { title, columns, rows, notes = [] } of sections) {
    parts.push(`## ${title}`, table(columns, rows))
    if (notes.length > 0) parts.push(notes.map(note => `- ${note}`).join('\n'))
  }
  const figures = sections.flatMap(section => section.figures)
  if (figures.length > 0)
    parts.push('## Figures to reach', table(['figure', 'measured', 'to reach', ''], figures.map(line)))
  if (failures.length > 0) parts.push('## NOT MEASURED', failures.map(failure => `- ${failure}`).join('\n'))
  return `${parts.join('\n\n')}\n`
}

const line = (figure: Figure): string[] => {
  const { what, value = Number.NaN, atMost, unit } = figure
  const judged = verdict(figure)
  return [
    what,
    `${number(value)} ${unit}`.trim(),
    atMost === undefined ? '-' : `≤ ${number(atMost)} ${unit}`.trim(),
    judged === 'missed' ? 'MISSED' : judged,
  ]
}
