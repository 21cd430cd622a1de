import type { Problem } from '../api/problem.ts'
import { inOrder } from '../plan/problem-order.ts'

/** The answer of `lint -o json`. Fields are added in time, never renamed or removed. */
export interface LintReport {
  readonly problems: readonly Problem[]
  readonly errors: number
  readonly warnings: number
  /** FanOutRoutes that were read. */
  readonly routes: number
}

export const lintReport = (given: readonly Problem[], routes: number): LintReport => {
  const problems = given.map(asFinding)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  return { problems: inOrder(problems, byPlace), errors, warnings: problems.length - errors, routes }
}

/** A relay may start before its routes are there; a check of nothing has checked nothing. */
const asFinding = (problem: Problem): Problem =>
  problem.code === 'FR0111' ? { ...problem, severity: 'error' } : problem

/** File by file, from top to bottom; what has no place comes last. */
const byPlace = (a: Problem, b: Problem): number => {
  if (!a.location || !b.location) return Number(!a.location) - Number(!b.location)
  const { file, line, column } = a.location
  if (file !== b.location.file) return file < b.location.file ? -1 : 1
  return line - b.location.line || column - b.location.column
}

/** One problem on a line, its fix below it; a summary at the end. */
export const renderLintReport = ({ problems, errors, warnings, routes }: LintReport): string => {
  const places = problems.map(placeOf)
  const width = Math.min(48, Math.max(0, ...places.map(place => place.length)))
  const lines = problems.flatMap((problem, index) => problemLines(problem, places[index]!, width))
  const findings =
    errors + warnings === 0 ? 'no problems' : `${plural(errors, 'error')}, ${plural(warnings, 'warning')}`
  return [...lines, `${findings} in ${plural(routes, 'route')}`, ''].join('\n')
}

const problemLines = (problem: Problem, place: string, width: number): readonly string[] => {
  const { severity, code, message, field, fix } = problem
  const start = `${place.padEnd(width)}  ${severity.padEnd(7)}  ${code}  `
  const hints = [...(fix ? [`fix: ${fix}`] : []), `docs: docs/codes.md#${code.toLowerCase()}`]
  return [`${start}${message}${field ? `  (${field})` : ''}`, `${' '.repeat(width + 11)}${hints.join('   ')}`]
}

const placeOf = ({ location, route }: Problem): string =>
  location ? `${location.file}:${location.line}:${location.column}` : (route ?? '-')

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
