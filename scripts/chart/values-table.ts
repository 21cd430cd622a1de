import type { ChartValue } from './values-file.ts'

const start = '<!-- values: generated from values.yaml -->'
const end = '<!-- end of values -->'

/**
 * The README with its table of values brought up to date.
 *
 * @throws Error one without the two marker lines
 */
export const renderReadme = (readme: string, values: readonly ChartValue[]): string => {
  const [before, rest] = readme.split(start)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`README.md needs "${start}" and "${end}"`)
  const rows = leaves(values).map(row)
  return `${before}${start}\n\n| value | default | meaning |\n|---|---|---|\n${rows.join('\n')}\n\n${end}${after}`
}

const leaves = (values: readonly ChartValue[]): readonly ChartValue[] =>
  values.flatMap(value => (value.children ? leaves(value.children) : [value]))

const row = ({ path, default: value, description, schema }: ChartValue): string => {
  const choices = schema['enum'] as readonly unknown[] | undefined
  const meaning = choices ? `${description} One of ${choices.map(code).join(', ')}.` : description
  return `| \`${path}\` | ${code(value)} | ${meaning.replaceAll('|', '\\|')} |`
}

const code = (value: unknown): string => {
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
  return `\`${text.replaceAll('|', '\\|')}\``
}
