import { type CheckFinding, type CheckLine, type CheckSection, plural } from './finding.ts'
import type { CheckReport } from './report.ts'

export type Mark = 'ok' | 'error' | 'warn' | 'skip'

/** Colours a mark; without colour the text as it is. */
export type PaintMark = (mark: Mark | 'heading' | 'dim', text: string) => string

/** Findings of one line that are shown; JSON has them all. */
const shown = 20
const margin = ' '.repeat(7)

/** A checklist: each line says ok, or what is wrong and how to mend it. */
export const renderCheck = (report: CheckReport, paint: PaintMark): string => {
  const { server, namespace, version, sections } = report
  const scope =
    namespace === undefined ? '' : namespace === null ? 'all namespaces' : `namespace ${namespace}`
  return [
    `${paint('heading', `fanout-relay ${version}`)}  ${[server, scope].filter(part => part !== '').join('  ')}`,
    ...sections.filter(({ lines }) => lines.length > 0).flatMap(section => sectionLines(section, paint)),
    '',
    summary(report),
    '',
  ].join('\n')
}

const sectionLines = ({ title, lines }: CheckSection, paint: PaintMark): readonly string[] => [
  '',
  paint('heading', title),
  ...lines.flatMap(line => checkLines(line, paint)),
]

const checkLines = ({ what, findings, skipped }: CheckLine, paint: PaintMark): readonly string[] => {
  if (skipped !== undefined)
    return [`${mark('skip', paint)}${what}`, `${margin}${paint('dim', `not looked at: ${skipped}`)}`]
  if (findings.length === 0) return [`${mark('ok', paint)}${what}`]
  const more = findings.length - shown
  return [
    ...findings.slice(0, shown).flatMap(found => findingLines(found, paint)),
    ...(more > 0 ? [`${margin}and ${more} more like these; -o json shows all`] : []),
  ]
}

const findingLines = (found: CheckFinding, paint: PaintMark): readonly string[] => [
  `${mark(found.severity === 'error' ? 'error' : 'warn', paint)}${found.code}  ${found.where}: ${found.message}`,
  `${margin}fix: ${found.fix}`,
  `${margin}${paint('dim', found.docs)}`,
]

const mark = (text: Mark, paint: PaintMark): string => paint(text, text.padEnd(7))

const summary = ({ errors, warnings, skipped }: CheckReport): string =>
  [
    errors + warnings === 0 ? 'nothing found' : `${plural(errors, 'error')}, ${plural(warnings, 'warning')}`,
    ...(skipped > 0 ? [`${skipped} not looked at`] : []),
  ].join('; ')
