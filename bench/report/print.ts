import { number, table } from './format.ts'
import { type Figure, type Section, verdict } from './section.ts'

/** The report for people: Markdown that reads well in a terminal. */
export function print(
  environment: Record<string, unknown>,
  sections: readonly Section[],
  failures: readonly string[],
): string {
  const parts = [
    '# FanOut Relay beside its peers',
    facts(environment),
    'Every figure is the median of all rounds with (lowest–highest) beside it; ratios are taken within a round.',
  ]
  for (const section of sections) {
    parts.push(`## ${section.title}`, table(section.columns, section.rows))
    if (section.notes?.length) parts.push(section.notes.map(note => `- ${note}`).join('\n'))
  }
  const figures = sections.flatMap(section => section.figures)
  if (figures.length > 0)
    parts.push('## Figures to reach', table(['figure', 'measured', 'to reach', ''], figures.map(line)))
  if (failures.length > 0) parts.push('## NOT MEASURED', failures.map(failure => `- ${failure}`).join('\n'))
  return `${parts.join('\n\n')}\n`
}

function facts(environment: Record<string, unknown>): string {
  return Object.entries(environment)
    .flatMap(([key, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([name, version]) => `- ${name}: ${version}`)
        : [`- ${key}: ${value}`],
    )
    .join('\n')
}

function line(figure: Figure): string[] {
  const { what, value, atMost, unit } = figure
  const withUnit = (amount: number | undefined) =>
    amount === undefined || !Number.isFinite(amount) ? '-' : `${number(amount)} ${unit}`.trim()
  const limit = atMost === undefined ? '-' : `≤ ${withUnit(atMost)}`
  const judged = verdict(figure)
  return [what, withUnit(value), limit, judged === 'missed' ? 'MISSED' : judged]
}
