import { type Paint, painter } from './paint.ts'
import { renderAnswer } from './render-answer.ts'
import { renderTotals } from './render-totals.ts'
import { renderWaterfall } from './render-waterfall.ts'
import type { Report, Waterfall } from './report.ts'

/** A simulation for a terminal. */
export const renderReport = (report: Report, { colour }: { readonly colour: boolean }): string => {
  const paint = painter(colour)
  const isOne = report.requests + report.unanswered + report.notSent === 1
  const sections = [
    headLines(report),
    ...(isOne ? [] : [renderTotals(report)]),
    ...report.waterfalls.map(waterfall => waterfallLines(report, waterfall, paint)),
    ...(report.interrupted ? [['ended before its time: this is what there was by then']] : []),
  ]
  return `${sections.map(lines => lines.map(line => line.trimEnd()).join('\n')).join('\n\n')}\n`
}

const headLines = ({ request, route, legs, notes, seed }: Report): readonly string[] => {
  const nameWidth = Math.max(...legs.map(({ name }) => name.length))
  const scriptWidth = Math.max(...legs.map(({ script }) => script.length))
  return [
    `${request.method} ${request.path} is taken by ${route}. Its legs are simulated, with seed ${seed}:`,
    ...legs.map(
      ({ name, role, script, insteadOf }) =>
        `  ${name.padEnd(nameWidth)}  ${role.padEnd(8)}  ${script.padEnd(scriptWidth)}  in place of ${insteadOf}`,
    ),
    ...notes.map(note => `  note: ${note}`),
  ]
}

const waterfallLines = (report: Report, waterfall: Waterfall, paint: Paint): readonly string[] => {
  const names = report.legs.map(({ name }) => name)
  const { answer } = waterfall
  return [...renderWaterfall(waterfall, names, paint), ...(answer ? renderAnswer(answer) : [])]
}
