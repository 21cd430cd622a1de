import { maxFileBytes } from '../config/limits.ts'
import { lintReport, renderLintReport } from './lint-report.ts'
import type { Option } from './option.ts'
import { outputOption, toJson } from './output-option.ts'
import { routePaths } from './paths.ts'
import { flag } from './values.ts'
import { defineVerb } from './verb.ts'

const strict: Option<boolean> = {
  flag: 'strict',
  description: 'Warnings count as findings as well.',
  default: 'false',
  read: flag,
}

const kubernetes: Option<boolean> = {
  flag: 'kubernetes',
  description: 'The routes are for a cluster, where Services are found by name: no backends.yaml is needed.',
  default: 'false',
  read: flag,
}

export const lint = defineVerb(
  {
    name: 'lint',
    summary: 'Check route files and say what is wrong, where, why and how to mend it',
    arguments: 'PATH…',
    description: [
      'Exit code 0 = nothing wrong (warnings allowed), 1 = errors or no route at all, 2 = wrong usage. PATH - is standard input.',
      'With -o json: {problems: [{severity, code, message, fix, route, field, location}], errors, warnings, routes}.',
    ],
    options: { output: outputOption, strict, kubernetes },
    examples: [
      ['fanout-relay lint routes/', 'everything in a directory'],
      ['fanout-relay lint --strict -o json routes/ | jq .problems', 'for a pipeline'],
      ['helm template shop | fanout-relay lint --kubernetes -', 'what a chart renders'],
    ],
  },
  async ({ values, positionals }, io) => {
    const paths = routePaths('lint', positionals, { stdin: true })
    // Loaded here because the other verbs need neither parser nor planner.
    const { readRoutes } = await import('../config/read-routes.ts')
    const { planRoutes } = await import('../plan/plan-routes.ts')
    const texts = paths.includes('-') ? [{ name: '<stdin>', bytes: await io.stdin(maxFileBytes) }] : []
    const snapshot = await readRoutes(
      paths.filter(path => path !== '-'),
      texts,
    )
    const asDeployed = values.kubernetes ? { ...snapshot, backends: undefined } : snapshot
    const report = lintReport(planRoutes(asDeployed).problems, snapshot.routes.length)
    io.stdout(values.output === 'json' ? toJson(report) : renderLintReport(report))
    return report.errors > 0 || (values.strict && report.warnings > 0) ? 1 : 0
  },
)
