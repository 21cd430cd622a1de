import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Problem } from '../../src/api/problem.ts'
import { codes } from '../../src/plan/codes.ts'
import { explain } from '../../src/plan/explain.ts'
import { formatExplanation } from '../../src/plan/explain-text.ts'
import type { ExplainRequest } from '../../src/plan/explanation.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import type { PlannedRoute, PlanResult } from '../../src/plan/types.ts'
import { readInput } from './snapshot.ts'

/*
 * Pairs `<case>.in.yaml`, `<case>.out.yaml`: routes in, plan and problems out.
 * UPDATE_GOLDEN=1 writes what comes out; read the difference before it is committed.
 */

const folder = join(import.meta.dirname, 'testdata')
const update = process.env['UPDATE_GOLDEN'] === '1'
const cases = readdirSync(folder)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.replace('.in.yaml', ''))

const run = (name: string) => {
  const file = `${name}.in.yaml`
  const input = readInput(file, readFileSync(join(folder, file), 'utf8'))
  const previous = input.previous && planRoutes(input.previous).plan
  const result = planRoutes(input.snapshot, previous)
  const explanations = input.explain.map(request =>
    formatExplanation(explain(result.plan, request as ExplainRequest)),
  )
  return { result, explanations }
}

const render = ({ problems, plan, lastGood, overridden }: PlanResult, explanations: readonly string[]) =>
  stringify(
    {
      problems: problems.map(renderProblem),
      ...(lastGood.length > 0 && { lastGood }),
      ...(overridden.length > 0 && { overridden }),
      routes: plan.routes.map(withoutAbsent),
      ...(explanations.length > 0 && { explanations }),
    },
    { lineWidth: 110, aliasDuplicateObjects: false, keepUndefined: false },
  )

const renderProblem = ({ severity, code, message, fix, route, field, location }: Problem) => ({
  code: `${code} ${severity}`,
  at: location ? `${location.line}:${location.column}` : 'unknown',
  route,
  field,
  message,
  fix,
})

/** `written` would say the input twice; explanations show what it is for. */
const withoutAbsent = (route: PlannedRoute) => ({ ...route, written: undefined })

describe('golden pairs', () => {
  it.each(cases)('%s', name => {
    const { result, explanations } = run(name)
    const actual = render(result, explanations)
    const path = join(folder, `${name}.out.yaml`)
    if (update) writeFileSync(path, actual)
    expect(parse(actual)).toEqual(parse(readFileSync(path, 'utf8')))
  })

  it('have a fix on one line for every problem', () => {
    const problems = cases.flatMap(name => run(name).result.problems)
    expect(problems.filter(({ fix }) => !fix || /[\n`]/.test(fix))).toEqual([])
  })

  it('emit every code that is not found while files are read, and no other', () => {
    const emitted = new Set(cases.flatMap(name => run(name).result.problems.map(({ code }) => code)))
    const expected = codes.filter(({ foundBy }) => foundBy !== 'files').map(({ code }) => code)
    expect([...emitted].sort()).toEqual(expected)
  })
})
